//! What each generated type says of itself: where C has its members, and how it is shown.

/// Proves while a module is compiled that Rust lays a type out as C does.
///
/// Some 32-bit machines align 64-bit numbers to 4 bytes, which does no harm.
///
/// ```
/// #[repr(C)]
/// struct Event {
///     pid: u32,
///     len: u8,
/// }
/// osmia::generated::layout!(Event, size 8, align 4, pid 0, len 4);
/// ```
/// What is elsewhere does not compile:
/// ```compile_fail,E0080
/// # #[repr(C)]
/// # struct Event {
/// #     pid: u32,
/// #     len: u8,
/// # }
/// osmia::generated::layout!(Event, size 8, align 4, pid 0, len 5);
/// ```
/// ```compile_fail,E0080
/// # #[repr(C)]
/// # struct Event {
/// #     pid: u32,
/// #     len: u8,
/// # }
/// osmia::generated::layout!(Event, size 12, align 4, pid 0, len 4);
/// ```
/// ```compile_fail,E0080
/// # #[repr(C)]
/// # struct Event {
/// #     pid: u32,
/// #     len: u8,
/// # }
/// osmia::generated::layout!(Event, size 8, align 2, pid 0, len 4);
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __layout {
    ($ty:ident, size $size:literal, align $align:literal $(, $field:ident $at:literal)* $(,)?) => {
        const _: () = {
            assert!(
                ::core::mem::size_of::<$ty>() == $size && ::core::mem::align_of::<$ty>() <= $align
            );
            // Words of our own would take rustc longer than all the rest of it.
            $(assert!(::core::mem::offset_of!($ty, $field) == $at);)*
        };
    };
}

/// `{:?}` of a struct or union, by its fields and getters, or of an enum, by its constants.
#[doc(hidden)]
#[macro_export]
macro_rules! __show {
    ($ty:ident: $($constant:ident),* $(,)?) => {
        impl ::core::fmt::Debug for $ty {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match *self {
                    $($ty::$constant => f.write_str($crate::generated::name(stringify!($constant))),)*
                    other => write!(f, "{}({})", stringify!($ty), other.0),
                }
            }
        }
    };
    ($ty:ident $(, $field:ident $(($($none:tt)*))?)* $(,)?) => {
        impl ::core::fmt::Debug for $ty {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(stringify!($ty))
                    $(.field(
                        $crate::generated::name(stringify!($field)),
                        &self.$field $(($($none)*))?,
                    ))*
                    .finish()
            }
        }
    };
}

/// The name as it is without the mark of Rust's keywords.
#[doc(hidden)]
pub fn name(raw: &'static str) -> &'static str {
    raw.strip_prefix("r#").unwrap_or(raw)
}

#[cfg(test)]
mod tests {
    #[derive(Clone, Copy, PartialEq, Eq)]
    struct Kind(u8);

    impl Kind {
        const EXEC: Self = Self(1);
        const r#TYPE: Self = Self(2);
    }

    #[repr(C)]
    struct Event {
        r#type: u32,
        at: u64,
    }

    impl Event {
        fn bits(&self) -> u64 {
            self.at & 3
        }
    }

    __show!(Kind: EXEC, r#TYPE);
    __show!(Event, r#type, bits());
    __layout!(Event, size 16, align 8, r#type 0, at 8);

    #[test]
    fn types_are_shown_by_their_names() {
        assert_eq!(format!("{:?} {:?} {:?}", Kind(1), Kind(2), Kind(3)), "EXEC TYPE Kind(3)");
        assert_eq!(format!("{:?}", Event { r#type: 4, at: 7 }), "Event { type: 4, bits: 3 }");
    }
}
