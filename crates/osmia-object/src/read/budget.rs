//! How much a file may make us keep.

use std::cell::Cell;

use crate::error::Error;

/// What a small file may describe regardless.
const FLOOR: u64 = 1 << 16;
/// How many bytes of names and code may be kept per byte of file. Compilers stay
/// below 4; the format allows any number of symbols to share one long name, or
/// any number of functions to share one piece of code.
const FACTOR: u64 = 16;

/// A count-down of the bytes that reading a file may still keep.
pub(crate) struct Budget {
    len: u64,
    left: Cell<u64>,
}

impl Budget {
    pub fn for_file(len: usize) -> Self {
        let len = len as u64;
        Self { len, left: Cell::new(Self::limit(len)) }
    }

    fn limit(len: u64) -> u64 {
        len.saturating_mul(FACTOR).saturating_add(FLOOR)
    }

    /// Takes `bytes` off.
    pub fn charge(&self, bytes: usize) -> Result<(), Error> {
        let Some(left) = self.left.get().checked_sub(bytes as u64) else {
            return Err(self.inflated());
        };
        self.left.set(left);
        Ok(())
    }

    #[cold]
    fn inflated(&self) -> Error {
        Error::Inflated { len: self.len, limit: Self::limit(self.len) }
    }

    /// A copy of a name.
    pub fn name(&self, name: &str) -> Result<String, Error> {
        self.charge(name.len())?;
        Ok(name.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;

    #[test]
    fn a_budget_ends() {
        let budget = Budget::for_file(10);
        assert!(budget.charge(1 << 16).is_ok());
        assert!(budget.charge(160).is_ok());
        let error = budget.charge(1).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the file of 10 bytes describes more than 65696 bytes of names and code"
        );
    }
}
