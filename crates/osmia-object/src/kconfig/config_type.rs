//! What an extern of the configuration can hold, by its C type.

use osmia_btf::{Btf, Kind, Type, TypeId};

use crate::value_type::ValueType;

/// Strings of configurations are shorter; a longer array would make us keep what a small
/// file can ask for.
pub(super) const LONGEST: u32 = 4096;

/// The C types that values of the configuration can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConfigType {
    /// `bool`.
    Bool,
    /// `enum libbpf_tristate`, of this many bytes.
    Tristate(u32),
    /// A whole number of 1, 2, 4 or 8 bytes. One of a single byte may be a character.
    Int { size: u32, signed: bool },
    /// An array of characters, of this many bytes.
    Text(u32),
}

impl ConfigType {
    /// The type with this id, or why it is none of them.
    pub fn of(btf: &Btf, id: TypeId) -> Result<Self, String> {
        let ty = btf.resolve(id).map_err(|error| error.to_string())?;
        let found = match ty.kind() {
            Kind::Int => int(&ty),
            Kind::Enum | Kind::Enum64 => tristate(&ty),
            Kind::Array => return array(btf, &ty),
            _ => None,
        };
        found.ok_or_else(|| other(btf, &ty))
    }
}

fn array(btf: &Btf, ty: &Type<'_>) -> Result<ConfigType, String> {
    let Some(array) = ty.array() else { return Err(other(btf, ty)) };
    let element = btf.resolve(array.element).map_err(|error| error.to_string())?;
    match int(&element) {
        Some(ConfigType::Int { size: 1, .. }) if (1..=LONGEST).contains(&array.len) => {
            Ok(ConfigType::Text(array.len))
        }
        Some(ConfigType::Int { size: 1, .. }) => {
            Err(format!("its array has {} bytes; 1 to {LONGEST} are possible", array.len))
        }
        _ => Err(other(btf, ty)),
    }
}

fn tristate(ty: &Type<'_>) -> Option<ConfigType> {
    let size = ty.own_size().filter(|size| matches!(size, 4 | 8))?;
    (ty.name() == "libbpf_tristate").then_some(ConfigType::Tristate(size))
}

fn int(ty: &Type<'_>) -> Option<ConfigType> {
    let int = ty.int()?;
    match (int.size, int.is_bool) {
        (1, true) => Some(ConfigType::Bool),
        (size @ (1 | 2 | 4 | 8), false) => Some(ConfigType::Int { size, signed: int.signed }),
        _ => None,
    }
}

fn other(btf: &Btf, ty: &Type<'_>) -> String {
    let title = ValueType::new(Some(btf), Some(ty.id()), 0, btf.endian()).title();
    format!(
        "it is declared as {title}; `bool`, `char`, integers, `enum libbpf_tristate` and arrays \
         of `char` can take a value of the configuration"
    )
}
