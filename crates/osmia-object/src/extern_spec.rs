//! What an object expects others to provide.

use osmia_btf::TypeId;

/// A symbol that the object uses and does not define.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternSpec {
    /// Its name.
    pub name: String,
    /// Who provides it.
    pub kind: ExternKind,
    /// Whether the object can do without it (`__weak`).
    pub weak: bool,
    /// Its type in the object's BTF: a function's prototype record, a variable's type.
    pub ty: Option<TypeId>,
}

/// Who provides an extern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExternKind {
    /// The kernel's configuration (`__kconfig`): a place in the `.kconfig` map's value.
    Kconfig {
        /// The offset in the value.
        offset: u32,
        /// The size in bytes.
        size: u32,
    },
    /// A variable of the kernel (`__ksym`), with or without a type.
    KernelVariable,
    /// A function of the kernel (`__ksym`).
    KernelFunction,
    /// Nobody: declared without `__ksym` or `__kconfig`, to be linked from another object.
    Object,
}
