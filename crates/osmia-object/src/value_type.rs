//! What a variable can hold.

use osmia_btf::{Btf, Endian, Kind, TypeId};

/// The type of a variable, or of an element of it, as far as the object tells it.
#[derive(Clone, Copy, Debug)]
pub struct ValueType<'a> {
    btf: Option<&'a Btf>,
    ty: Option<TypeId>,
    size: u32,
    endian: Endian,
}

/// What kind of value a type is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueKind {
    /// A whole number or a character.
    Int {
        /// Whether it can be negative.
        signed: bool,
    },
    /// `_Bool`.
    Bool,
    /// An enum. Older compilers do not tell whether it can be negative.
    Enum,
    /// `float`, `double`.
    Float,
    /// A pointer.
    Pointer,
    /// An array of this many elements.
    Array(u32),
    /// A struct or a union.
    Composite,
    /// The object does not tell.
    Unknown,
}

impl<'a> ValueType<'a> {
    pub(crate) fn new(btf: Option<&'a Btf>, ty: Option<TypeId>, size: u32, endian: Endian) -> Self {
        Self { btf, ty, size, endian }
    }

    /// How many bytes a value takes.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// The order of the bytes of a number.
    pub fn endian(&self) -> Endian {
        self.endian
    }

    /// What kind of value it is.
    pub fn kind(&self) -> ValueKind {
        self.find_kind().unwrap_or(ValueKind::Unknown)
    }

    fn find_kind(&self) -> Option<ValueKind> {
        let ty = self.btf?.resolve(self.ty?).ok()?;
        Some(match ty.kind() {
            Kind::Int => match ty.int()? {
                int if int.is_bool => ValueKind::Bool,
                int => ValueKind::Int { signed: int.signed },
            },
            Kind::Enum | Kind::Enum64 => ValueKind::Enum,
            Kind::Float => ValueKind::Float,
            Kind::Ptr => ValueKind::Pointer,
            Kind::Array => ValueKind::Array(ty.array()?.len),
            Kind::Struct | Kind::Union => ValueKind::Composite,
            _ => return None,
        })
    }

    /// The type of an array's elements.
    pub fn element(&self) -> Option<ValueType<'a>> {
        let btf = self.btf?;
        let element = btf.resolve(self.ty?).ok()?.array()?.element;
        let size = btf.size_of(element).ok()?;
        Some(Self { ty: Some(element), size, ..*self })
    }

    /// How the C calls the type: `__u32`, `struct point`, `char[16]`.
    pub fn title(&self) -> String {
        self.find_title().unwrap_or_else(|| format!("a value of {} bytes", self.size))
    }

    fn find_title(&self) -> Option<String> {
        let btf = self.btf?;
        let mut suffix = String::new();
        let mut ty = btf.unqualified(self.ty?).ok()?;
        // Longer rows of dimensions are nobody's C.
        for _ in 0..8 {
            let Some(array) = ty.array() else { break };
            suffix = format!("{suffix}[{}]", array.len);
            ty = btf.unqualified(array.element).ok()?;
        }
        let keyword = match ty.kind() {
            Kind::Struct => "struct ",
            Kind::Union => "union ",
            Kind::Enum | Kind::Enum64 => "enum ",
            Kind::Ptr => return Some(format!("a pointer{suffix}")),
            _ => "",
        };
        let name = if ty.name().is_empty() { "(anonymous)" } else { ty.name() };
        Some(format!("{keyword}{name}{suffix}"))
    }
}
