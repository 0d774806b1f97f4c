//! A global variable as data.

use osmia_btf::TypeId;

/// A global variable: where its bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableSpec {
    /// Its name.
    pub name: String,
    /// The data section's map that holds it, a key of
    /// [`ObjectSpec::maps`](crate::ObjectSpec::maps).
    pub map: String,
    /// Its offset in that map's value.
    pub offset: u32,
    /// Its size in bytes.
    pub size: u32,
    /// Its type (not the `VAR` record) in the object's BTF, if that describes it.
    pub ty: Option<TypeId>,
    /// Whether it is `static`: known in its C file only.
    pub is_static: bool,
}
