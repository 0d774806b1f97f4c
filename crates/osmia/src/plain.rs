//! Values that are their bytes.

use zerocopy::{FromBytes, Immutable, IntoBytes};

/// Plain data: any bytes are a value, and a value is its bytes, padding spelled out.
///
/// Keys, values, variables and events of maps are of such types. It is implemented for all that
/// have zerocopy's `FromBytes`, `IntoBytes` and `Immutable`, which zerocopy derives.
///
/// # Examples
/// ```
/// use osmia::zerocopy::{FromBytes, Immutable, IntoBytes};
///
/// #[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
/// #[zerocopy(crate = "osmia::zerocopy")]
/// #[repr(C)]
/// struct Flow {
///     address: u32,
///     port: u16,
///     padding: u16,
/// }
///
/// fn takes_plain<T: osmia::Plain>(_: T) {}
/// takes_plain(Flow { address: 0, port: 443, padding: 0 });
/// takes_plain([0u64; 4]);
/// ```
pub trait Plain: FromBytes + IntoBytes + Immutable {}

impl<T: FromBytes + IntoBytes + Immutable> Plain for T {}
