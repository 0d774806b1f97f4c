//! What a register may hold.

/// What is known of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Value {
    /// A number.
    Number(u64),
    /// The address of a byte in a map of constants, by the map's place in the object.
    Constant {
        /// The map.
        map: usize,
        /// The byte.
        offset: i64,
    },
    /// An address, which is not 0.
    Address,
    /// What the kernel's configuration decides, or its list of symbols.
    Untold,
    /// Anything.
    #[default]
    Any,
}

impl Value {
    /// What is known where two paths meet.
    pub fn meet(self, other: Self) -> Self {
        match (self, other) {
            _ if self == other => self,
            (Self::Any, _) | (_, Self::Any) => Self::Any,
            (Self::Untold, _) | (_, Self::Untold) => Self::Untold,
            _ if self.is_not_zero() && other.is_not_zero() => Self::Address,
            _ => Self::Any,
        }
    }

    pub fn is_not_zero(self) -> bool {
        match self {
            Self::Number(number) => number != 0,
            Self::Constant { .. } | Self::Address => true,
            Self::Untold | Self::Any => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Value::{self, Address, Any, Number, Untold};

    #[test]
    fn what_two_paths_agree_in() {
        let constant = Value::Constant { map: 0, offset: 4 };
        for (one, two, met) in [
            (Number(1), Number(1), Number(1)),
            (Number(1), Number(2), Address),
            (Number(0), Number(2), Any),
            (constant, Address, Address),
            (constant, constant, constant),
            (Untold, Number(0), Untold),
            (Untold, Any, Any),
        ] {
            assert_eq!(one.meet(two), met, "{one:?} {two:?}");
            assert_eq!(two.meet(one), met, "{two:?} {one:?}");
        }
    }
}
