//! One reader at a time.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::error::Error;
use crate::error::kind::ErrorKind;

/// The ids of the maps whose events this process reads, or writes.
///
/// A ring has one position up to which it is read. A second reader would give room back in which
/// the first one still has an event in its hands, whatever handle or [`Kernel`](crate::Kernel) it
/// came by; so this one thing is kept for the whole process. A perf event array has one slot for each CPU,
/// which a second reader would take from the first.
static READ: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// The right to read the map with this id, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Claim(u32);

impl Claim {
    /// The right, unless somebody has it.
    pub(crate) fn new(id: u32, name: &str) -> Result<Self, Error> {
        if READ.lock().unwrap_or_else(PoisonError::into_inner).insert(id) {
            return Ok(Self(id));
        }
        let why = "this process has a reader of it already, and what one reads is gone for others";
        Err(Error::new(ErrorKind::Busy, format!("read `{name}`: {why}")))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        READ.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::Claim;
    use crate::error::kind::ErrorKind;

    #[test]
    fn there_is_one() {
        // No kernel gives such an id.
        let first = Claim::new(u32::MAX, "events").unwrap();
        let error = Claim::new(u32::MAX, "events").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy);
        drop(first);
        assert!(Claim::new(u32::MAX, "events").is_ok());
    }
}
