//! One reader at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a ring buffer has a reader; shared by the handles to it in this process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claims(Arc<AtomicBool>);

/// The right to read a ring buffer, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Claim(Arc<AtomicBool>);

impl Claims {
    /// The right, unless somebody has it.
    pub(crate) fn claim(&self) -> Option<Claim> {
        let taken = self.0.swap(true, Ordering::AcqRel);
        (!taken).then(|| Claim(Arc::clone(&self.0)))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::Claims;

    #[test]
    fn there_is_one() {
        let claims = Claims::default();
        let first = claims.claim();
        assert!(first.is_some());
        assert!(claims.clone().claim().is_none());
        drop(first);
        assert!(claims.claim().is_some());
    }
}
