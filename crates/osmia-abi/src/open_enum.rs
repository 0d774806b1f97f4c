//! The shape that all open enums of the ABI share.

/// Declares an open newtype over `u32` with the kernel's constants, from a table the generator writes.
///
/// Each row is `CONST = value, "KERNEL_CONSTANT", "short name";`.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        $name:ident of $kernel:literal {
            $($konst:ident = $value:literal, $constant:literal, $short:literal;)*
        }
    ) => {
        $(#[$meta])*
        ///
        /// The type is open: a kernel may use values that have no name here, and they survive a round trip.
        #[derive(
            Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash,
            zerocopy::FromBytes, zerocopy::IntoBytes, zerocopy::Immutable, zerocopy::KnownLayout,
        )]
        #[repr(transparent)]
        pub struct $name(pub u32);

        impl $name {
            $(
                #[doc = concat!("`", $constant, "`: `", $short, "`.")]
                pub const $konst: Self = Self($value);
            )*

            /// Every value that has a name here, in ascending order.
            pub const ALL: &'static [Self] = &[$(Self::$konst),*];

            /// The kernel's own type name.
            pub const KERNEL_TYPE: &'static str = $kernel;

            /// The short lower-case name, where the value has one.
            pub const fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$konst => Some($short),)*
                    _ => None,
                }
            }

            /// The kernel's constant, where the value has one.
            pub const fn constant(self) -> Option<&'static str> {
                match self {
                    $(Self::$konst => Some($constant),)*
                    _ => None,
                }
            }

            /// The value that has this short name or kernel constant.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($short | $constant => Some(Self::$konst),)*
                    _ => None,
                }
            }
        }

        impl core::fmt::Display for $name {
            /// The kernel's constant; an unnamed value as `type(number)`.
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self.constant() {
                    Some(constant) => f.pad(constant),
                    None => write!(f, "{}({})", $kernel, self.0),
                }
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Display::fmt(self, f)
            }
        }

        impl From<u32> for $name {
            fn from(value: u32) -> Self {
                Self(value)
            }
        }

        impl From<$name> for u32 {
            fn from(value: $name) -> Self {
                value.0
            }
        }
    };
}

pub(crate) use open_enum;
