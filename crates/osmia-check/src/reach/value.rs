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
    /// An address, which is not 0; not one of the function's own stack.
    Address,
    /// The address of a byte of the function's stack, from its end.
    Stack(i32),
    /// What the kernel's configuration decides, or its list of symbols.
    Untold,
    /// Anything but an address of the function's stack.
    #[default]
    Any,
    /// Anything.
    Wild,
}

impl Value {
    /// What is known where two paths meet.
    pub fn meet(self, other: Self) -> Self {
        match (self, other) {
            _ if self == other => self,
            (Self::Wild | Self::Stack(_), _) | (_, Self::Wild | Self::Stack(_)) => Self::Wild,
            (Self::Any, _) | (_, Self::Any) => Self::Any,
            (Self::Untold, _) | (_, Self::Untold) => Self::Untold,
            _ if self.is_not_zero() && other.is_not_zero() => Self::Address,
            _ => Self::Any,
        }
    }

    pub fn is_not_zero(self) -> bool {
        match self {
            Self::Number(number) => number != 0,
            Self::Constant { .. } | Self::Address | Self::Stack(_) => true,
            Self::Untold | Self::Any | Self::Wild => false,
        }
    }

    /// Whether it may lead to the function's stack.
    pub fn may_be_stack(self) -> bool {
        matches!(self, Self::Stack(_) | Self::Wild)
    }

    /// What a function that is called knows of it, which has a stack of its own.
    pub fn handed_on(self) -> Self {
        match self {
            Self::Stack(_) => Self::Address,
            Self::Wild => Self::Any,
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Value::{self, Address, Any, Number, Stack, Untold, Wild};

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
            (Stack(-8), Stack(-8), Stack(-8)),
            (Stack(-8), Stack(-16), Wild),
            (Stack(-8), Number(0), Wild),
            (Wild, Any, Wild),
        ] {
            assert_eq!(one.meet(two), met, "{one:?} {two:?}");
            assert_eq!(two.meet(one), met, "{two:?} {one:?}");
        }
    }
}
