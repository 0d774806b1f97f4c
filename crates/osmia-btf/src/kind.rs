//! The kinds of BTF records.

use std::fmt;

/// What a BTF record describes.
///
/// The set is open: the kernel adds kinds, and a BTF with a layout section can be
/// walked although it has some that this version does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// `void`, the type with id 0; never stored.
    Void,
    /// An integer, a character or a boolean.
    Int,
    /// A pointer.
    Ptr,
    /// An array with a fixed count of elements (0 for a flexible one).
    Array,
    /// A struct.
    Struct,
    /// A union.
    Union,
    /// An enum of 32-bit values (stored in 1, 2, 4 or 8 bytes).
    Enum,
    /// A forward declaration of a struct or a union.
    Fwd,
    /// A typedef.
    Typedef,
    /// The `volatile` qualifier.
    Volatile,
    /// The `const` qualifier.
    Const,
    /// The `restrict` qualifier.
    Restrict,
    /// A function.
    Func,
    /// A function's prototype.
    FuncProto,
    /// A variable.
    Var,
    /// A data section: its variables with their offsets.
    DataSec,
    /// A floating-point number.
    Float,
    /// `__attribute__((btf_decl_tag("...")))`.
    DeclTag,
    /// `__attribute__((btf_type_tag("...")))`.
    TypeTag,
    /// An enum of 64-bit values.
    Enum64,
    /// A kind that this version does not know.
    Unknown(u8),
}

impl Kind {
    /// The kind for a record's kind number.
    pub const fn from_raw(raw: u8) -> Self {
        match raw {
            0 => Self::Void,
            1 => Self::Int,
            2 => Self::Ptr,
            3 => Self::Array,
            4 => Self::Struct,
            5 => Self::Union,
            6 => Self::Enum,
            7 => Self::Fwd,
            8 => Self::Typedef,
            9 => Self::Volatile,
            10 => Self::Const,
            11 => Self::Restrict,
            12 => Self::Func,
            13 => Self::FuncProto,
            14 => Self::Var,
            15 => Self::DataSec,
            16 => Self::Float,
            17 => Self::DeclTag,
            18 => Self::TypeTag,
            19 => Self::Enum64,
            other => Self::Unknown(other),
        }
    }

    /// The number that stands for this kind in a record.
    pub const fn raw(self) -> u8 {
        match self {
            Self::Void => 0,
            Self::Int => 1,
            Self::Ptr => 2,
            Self::Array => 3,
            Self::Struct => 4,
            Self::Union => 5,
            Self::Enum => 6,
            Self::Fwd => 7,
            Self::Typedef => 8,
            Self::Volatile => 9,
            Self::Const => 10,
            Self::Restrict => 11,
            Self::Func => 12,
            Self::FuncProto => 13,
            Self::Var => 14,
            Self::DataSec => 15,
            Self::Float => 16,
            Self::DeclTag => 17,
            Self::TypeTag => 18,
            Self::Enum64 => 19,
            Self::Unknown(raw) => raw,
        }
    }

    /// The kernel's name of the kind, e.g. `STRUCT`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Void => "VOID",
            Self::Int => "INT",
            Self::Ptr => "PTR",
            Self::Array => "ARRAY",
            Self::Struct => "STRUCT",
            Self::Union => "UNION",
            Self::Enum => "ENUM",
            Self::Fwd => "FWD",
            Self::Typedef => "TYPEDEF",
            Self::Volatile => "VOLATILE",
            Self::Const => "CONST",
            Self::Restrict => "RESTRICT",
            Self::Func => "FUNC",
            Self::FuncProto => "FUNC_PROTO",
            Self::Var => "VAR",
            Self::DataSec => "DATASEC",
            Self::Float => "FLOAT",
            Self::DeclTag => "DECL_TAG",
            Self::TypeTag => "TYPE_TAG",
            Self::Enum64 => "ENUM64",
            Self::Unknown(_) => "UNKNOWN",
        }
    }

    /// Whether this only qualifies or renames another type: typedef, `const`,
    /// `volatile`, `restrict` and type tags.
    pub const fn is_modifier(self) -> bool {
        matches!(
            self,
            Self::Typedef | Self::Volatile | Self::Const | Self::Restrict | Self::TypeTag
        )
    }

    /// Whether the record's last word is a type id rather than a size.
    pub const fn refers(self) -> bool {
        matches!(
            self,
            Self::Ptr
                | Self::Typedef
                | Self::Volatile
                | Self::Const
                | Self::Restrict
                | Self::Func
                | Self::FuncProto
                | Self::Var
                | Self::DeclTag
                | Self::TypeTag
        )
    }

    /// Whether the record's last word is a size in bytes.
    pub const fn is_sized(self) -> bool {
        matches!(
            self,
            Self::Int
                | Self::Struct
                | Self::Union
                | Self::Enum
                | Self::DataSec
                | Self::Float
                | Self::Enum64
        )
    }

    /// Bytes behind the 12 of a record's head: a fixed part, and a part for each
    /// of its `vlen` elements. `None` for kinds that this version does not know.
    pub(crate) const fn tail(self) -> Option<(u8, u8)> {
        Some(match self {
            Self::Void | Self::Unknown(_) => return None,
            Self::Int | Self::Var | Self::DeclTag => (4, 0),
            Self::Array => (12, 0),
            Self::Struct | Self::Union | Self::DataSec | Self::Enum64 => (0, 12),
            Self::Enum | Self::FuncProto => (0, 8),
            Self::Ptr
            | Self::Fwd
            | Self::Typedef
            | Self::Volatile
            | Self::Const
            | Self::Restrict
            | Self::Func
            | Self::Float
            | Self::TypeTag => (0, 0),
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(raw) => write!(f, "UNKNOWN({raw})"),
            known => f.write_str(known.name()),
        }
    }
}
