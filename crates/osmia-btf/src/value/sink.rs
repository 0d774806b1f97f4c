//! Where the parts of a value go.

use crate::ty::Type;

/// A value without parts.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Scalar<'a> {
    /// A boolean that is 0 or 1.
    Bool(bool),
    /// A character.
    Char(u8),
    /// A signed integer.
    Signed(i128),
    /// An unsigned integer.
    Unsigned(u128),
    /// A floating-point number.
    Float(f64),
    /// An enum's value that has a name.
    Enum {
        /// The name.
        name: &'a str,
        /// The number.
        value: i128,
    },
    /// An address.
    Pointer(u64),
    /// An array of characters up to its first NUL.
    Text(&'a [u8]),
    /// What there is no better form for: a float of 16 bytes, say.
    Bytes(&'a [u8]),
}

/// Takes the parts of a value in the order of memory.
///
/// Each struct, union and data section is `begin_struct`, then for each field `field` and
/// the field's value, then `end_struct`; each array is `begin_array`, its elements, then
/// `end_array`. Members of unnamed structs and unions come as fields of what is around
/// them, as in C.
pub trait Sink {
    /// A value without parts.
    fn scalar(&mut self, scalar: Scalar<'_>);
    /// A struct, union or data section begins.
    fn begin_struct(&mut self, ty: &Type<'_>);
    /// The next value is that of this field or variable.
    fn field(&mut self, name: &str);
    /// The struct ends.
    fn end_struct(&mut self);
    /// An array of so many elements begins.
    fn begin_array(&mut self, len: usize);
    /// The array ends.
    fn end_array(&mut self);
}
