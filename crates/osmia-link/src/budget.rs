//! How much files may make us keep.

use std::cell::Cell;

use crate::error::Error;

/// What small files may describe regardless.
const FLOOR: u64 = 1 << 20;
/// How many bytes may be made per byte of file.
const FACTOR: u64 = 16;

/// A count-down of the bytes that linking may still make.
pub(crate) struct Budget {
    len: u64,
    left: Cell<u64>,
}

impl Budget {
    pub fn for_files(len: u64) -> Self {
        Self { len, left: Cell::new(Self::limit(len)) }
    }

    fn limit(len: u64) -> u64 {
        len.saturating_mul(FACTOR).saturating_add(FLOOR)
    }

    /// Takes `bytes` off.
    pub fn charge(&self, bytes: u64) -> Result<(), Error> {
        let inflated = Error::Inflated { len: self.len, limit: Self::limit(self.len) };
        self.left.set(self.left.get().checked_sub(bytes).ok_or(inflated)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;

    #[test]
    fn a_budget_ends() {
        let budget = Budget::for_files(10);
        assert!(budget.charge((1 << 20) + 160).is_ok());
        let error = budget.charge(1).unwrap_err().to_string();
        assert_eq!(error, "the files of 10 bytes together would make more than 1048736 bytes");
    }
}
