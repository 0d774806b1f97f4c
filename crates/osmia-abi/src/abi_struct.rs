//! The shape that all structs of the ABI share.

/// Declares a C struct from a table the generator writes: rows of `offset name: type;`, padding included.
///
/// The offsets are the kernel's, and are asserted, so a struct that Rust lays out otherwise does not compile.
macro_rules! abi_struct {
    (
        $(#[$meta:meta])*
        $name:ident, $size:literal bytes {
            $($(#[$field_meta:meta])* $offset:literal $field:ident: $ty:ty;)*
        }
    ) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq,
            zerocopy::FromBytes, zerocopy::IntoBytes, zerocopy::Immutable, zerocopy::KnownLayout,
        )]
        #[repr(C)]
        // The kernel names the fields and says what they mean.
        #[allow(missing_docs)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $ty,)*
        }

        const _: () = {
            assert!(size_of::<$name>() == $size);
            $(assert!(core::mem::offset_of!($name, $field) == $offset);)*
        };
    };
}

pub(crate) use abi_struct;
