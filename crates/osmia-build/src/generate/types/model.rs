//! What the Rust types will look like, before they are written.

use indexmap::IndexMap;
use osmia_btf::TypeId;

/// The types of a module, in the order in which they were met.
#[derive(Debug, Default)]
pub(crate) struct Model {
    /// By the id of the struct, union or enum.
    pub items: IndexMap<TypeId, Item>,
}

/// A struct, a union or an enum of C.
#[derive(Debug)]
pub(crate) struct Item {
    /// Its name in Rust.
    pub name: String,
    /// What it is in C, for documentation: "`struct event`", "the type of `at` in `struct event`".
    pub c_name: String,
    /// Where comments tell of it; nothing if they cannot.
    pub path: String,
    pub size: u32,
    pub align: u32,
    /// Whether there is a float in it, which has neither equality nor a hash.
    pub has_float: bool,
    pub body: Body,
}

#[derive(Debug)]
pub(crate) enum Body {
    Struct(Struct),
    Union(Union),
    Enum(Enum),
    /// Known by pointers only.
    Opaque,
}

/// Fields that fill the struct without gaps.
#[derive(Debug, Default)]
pub(crate) struct Struct {
    /// Whether Rust has to be told to put fields where they would not go by themselves.
    pub packed: bool,
    /// Whether the fields alone give a smaller alignment than C's.
    pub raise_align: bool,
    pub fields: Vec<Field>,
    pub bitfields: Vec<Bitfield>,
}

/// Some bytes of a struct.
#[derive(Debug)]
pub(crate) struct Field {
    /// Its name in Rust, without the `r#` of keywords.
    pub name: String,
    pub offset: u32,
    pub kind: FieldKind,
}

#[derive(Debug)]
pub(crate) enum FieldKind {
    /// A member of C's.
    Member { ty: Ty, anonymous: bool },
    /// Bytes that no member uses.
    Padding(u32),
    /// Bytes with bitfields in them.
    Bits(u32),
}

/// Bits of a [`FieldKind::Bits`] or of a union.
#[derive(Clone, Debug)]
pub(crate) struct Bitfield {
    pub name: String,
    /// The field that has the bits; `None` in a union.
    pub storage: Option<String>,
    /// The first bit, counted from the storage's start.
    pub at: u32,
    pub width: u32,
    /// What the bits are read as.
    pub ty: Ty,
}

#[derive(Debug, Default)]
pub(crate) struct Union {
    pub arms: Vec<Arm>,
}

/// A member of a union.
#[derive(Debug)]
pub(crate) struct Arm {
    pub name: String,
    pub ty: Ty,
    pub anonymous: bool,
    pub bits: Option<Bitfield>,
}

#[derive(Debug)]
pub(crate) struct Enum {
    pub signed: bool,
    /// Whether the compiler cut the values off, so that there are no constants.
    pub cut_off: bool,
    pub constants: Vec<Constant>,
}

/// A constant of an enum.
#[derive(Debug)]
pub(crate) struct Constant {
    /// Its name in Rust.
    pub rust: String,
    /// Its name in C.
    pub c: String,
    pub value: i128,
}

/// A Rust type, as a field, an element, an argument has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ty {
    Int {
        size: u32,
        signed: bool,
    },
    Bool,
    /// 4 or 8 bytes.
    Float(u32),
    /// A scalar that Rust has no type for.
    Bytes(u32),
    /// An array of characters.
    Chars(u32),
    Array(Box<Ty>, u32),
    Pointer(Pointee),
    /// An entry of the model's.
    Item(TypeId),
}

/// What a pointer points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pointee {
    Void,
    Function,
    Ty(Box<Ty>),
}
