//! Values that can be put into variables and read from them.

use osmia_btf::Endian;

use crate::value_type::{ValueKind, ValueType};

/// A value that can be put into a global variable, if that is of its kind.
///
/// Whole numbers go into whole numbers and enums of the same size that can hold the value,
/// `bool` into `_Bool` or a number of one byte, floats into floats, arrays into arrays of
/// the same length, `&str` into arrays of characters with room for it and a NUL.
pub trait VariableValue {
    /// Appends the value as a variable of this type stores it.
    ///
    /// # Errors
    /// Why a variable of this type cannot hold it.
    fn encode(&self, ty: &ValueType<'_>, to: &mut Vec<u8>) -> Result<(), String>;
}

/// A value that can be read from a global variable of its kind; see [`VariableValue`].
pub trait FromVariable: Sized {
    /// Reads the value from the bytes of a variable of this type.
    ///
    /// # Errors
    /// Why a variable of this type does not hold one.
    fn decode(ty: &ValueType<'_>, from: &[u8]) -> Result<Self, String>;
}

/// Refuses a value of another size.
fn same_size(ty: &ValueType<'_>, name: &str, size: usize) -> Result<(), String> {
    if ty.size() as usize == size {
        return Ok(());
    }
    let plural = if size == 1 { "" } else { "s" };
    Err(format!(
        "it is {} and has {} byte{}, the value is {name} and has {size} byte{plural}",
        ty.title(),
        ty.size(),
        if ty.size() == 1 { "" } else { "s" },
    ))
}

/// Refuses a value of another kind, and says what would do.
fn other_kind(ty: &ValueType<'_>, name: &str) -> String {
    let remedy = match ty.kind() {
        ValueKind::Bool => "give a bool".to_owned(),
        ValueKind::Float => format!("give an f{}", ty.size().saturating_mul(8)),
        ValueKind::Int { signed } => {
            let letter = if signed { 'i' } else { 'u' };
            format!("give an integer ({letter}{})", ty.size().saturating_mul(8))
        }
        ValueKind::Enum => format!("give an integer of {} bytes", ty.size()),
        ValueKind::Pointer => "give its address as a u64".to_owned(),
        ValueKind::Array(len) => format!("give an array of {len} elements, or the bytes"),
        ValueKind::Composite | ValueKind::Unknown => "give the bytes".to_owned(),
    };
    format!("it is {}, the value is {name}; {remedy}", ty.title())
}

/// Whether a number that its own type tells to be negative or not fits what the variable says.
fn fits(ty: &ValueType<'_>, value: i128) -> Result<(), String> {
    let bits = ty.size().saturating_mul(8).min(64);
    let (least, most) = match ty.kind() {
        ValueKind::Int { signed: true } => (-(1_i128 << (bits - 1)), (1_i128 << (bits - 1)) - 1),
        ValueKind::Int { signed: false } | ValueKind::Pointer => (0, (1_i128 << bits) - 1),
        _ => (i128::MIN, i128::MAX),
    };
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(format!("it is {}, which holds {least} to {most}, not {value}", ty.title()))
}

fn is_number(kind: ValueKind) -> bool {
    matches!(
        kind,
        ValueKind::Int { .. } | ValueKind::Enum | ValueKind::Pointer | ValueKind::Unknown
    )
}

macro_rules! integers {
    ($($int:ident: $name:literal),*) => {$(
        impl VariableValue for $int {
            fn encode(&self, ty: &ValueType<'_>, to: &mut Vec<u8>) -> Result<(), String> {
                const NAME: &str = $name;
                if !is_number(ty.kind()) {
                    return Err(other_kind(ty, NAME));
                }
                same_size(ty, NAME, size_of::<Self>())?;
                fits(ty, i128::from(*self))?;
                to.extend(match ty.endian() {
                    Endian::Little => self.to_le_bytes(),
                    Endian::Big => self.to_be_bytes(),
                });
                Ok(())
            }
        }

        impl FromVariable for $int {
            fn decode(ty: &ValueType<'_>, from: &[u8]) -> Result<Self, String> {
                const NAME: &str = $name;
                if !is_number(ty.kind()) {
                    return Err(other_kind(ty, NAME));
                }
                same_size(ty, NAME, size_of::<Self>())?;
                let bytes = from.try_into().map_err(|_| other_kind(ty, NAME))?;
                let value = match ty.endian() {
                    Endian::Little => Self::from_le_bytes(bytes),
                    Endian::Big => Self::from_be_bytes(bytes),
                };
                // Negative in one signedness, it is beyond the limits of the other.
                fits(ty, i128::from(value)).map(|()| value)
            }
        }
    )*};
}

integers!(
    u8: "a u8",
    u16: "a u16",
    u32: "a u32",
    u64: "a u64",
    i8: "an i8",
    i16: "an i16",
    i32: "an i32",
    i64: "an i64"
);

macro_rules! floats {
    ($($float:ident),*) => {$(
        impl VariableValue for $float {
            fn encode(&self, ty: &ValueType<'_>, to: &mut Vec<u8>) -> Result<(), String> {
                const NAME: &str = concat!("an ", stringify!($float));
                if !matches!(ty.kind(), ValueKind::Float | ValueKind::Unknown) {
                    return Err(other_kind(ty, NAME));
                }
                same_size(ty, NAME, size_of::<Self>())?;
                to.extend(match ty.endian() {
                    Endian::Little => self.to_le_bytes(),
                    Endian::Big => self.to_be_bytes(),
                });
                Ok(())
            }
        }

        impl FromVariable for $float {
            fn decode(ty: &ValueType<'_>, from: &[u8]) -> Result<Self, String> {
                const NAME: &str = concat!("an ", stringify!($float));
                if !matches!(ty.kind(), ValueKind::Float | ValueKind::Unknown) {
                    return Err(other_kind(ty, NAME));
                }
                same_size(ty, NAME, size_of::<Self>())?;
                let bytes = from.try_into().map_err(|_| other_kind(ty, NAME))?;
                Ok(match ty.endian() {
                    Endian::Little => Self::from_le_bytes(bytes),
                    Endian::Big => Self::from_be_bytes(bytes),
                })
            }
        }
    )*};
}

floats!(f32, f64);

impl VariableValue for bool {
    fn encode(&self, ty: &ValueType<'_>, to: &mut Vec<u8>) -> Result<(), String> {
        truth(ty)?;
        to.push(u8::from(*self));
        Ok(())
    }
}

impl FromVariable for bool {
    fn decode(ty: &ValueType<'_>, from: &[u8]) -> Result<Self, String> {
        truth(ty)?;
        Ok(from.iter().any(|&byte| byte != 0))
    }
}

fn truth(ty: &ValueType<'_>) -> Result<(), String> {
    match ty.kind() {
        ValueKind::Bool | ValueKind::Int { .. } | ValueKind::Unknown => same_size(ty, "a bool", 1),
        _ => Err(other_kind(ty, "a bool")),
    }
}

impl<T: VariableValue> VariableValue for [T] {
    fn encode(&self, ty: &ValueType<'_>, to: &mut Vec<u8>) -> Result<(), String> {
        let element = elements(ty, self.len())?;
        self.iter().try_for_each(|value| value.encode(&element, to))
    }
}

impl<T: VariableValue, const N: usize> VariableValue for [T; N] {
    fn encode(&self, ty: &ValueType<'_>, to: &mut Vec<u8>) -> Result<(), String> {
        self.as_slice().encode(ty, to)
    }
}

impl<T: FromVariable, const N: usize> FromVariable for [T; N] {
    fn decode(ty: &ValueType<'_>, from: &[u8]) -> Result<Self, String> {
        let element = elements(ty, N)?;
        let size = (element.size() as usize).max(1);
        let values: Result<Vec<T>, String> =
            from.chunks_exact(size).take(N).map(|part| T::decode(&element, part)).collect();
        values?.try_into().map_err(|_| other_kind(ty, "an array"))
    }
}

/// The type of the elements of an array with this many.
fn elements<'a>(ty: &ValueType<'a>, count: usize) -> Result<ValueType<'a>, String> {
    let name = || format!("an array of {count} elements");
    match (ty.kind(), ty.element()) {
        (ValueKind::Array(len), Some(element)) if len as usize == count => Ok(element),
        _ => Err(other_kind(ty, &name())),
    }
}

impl VariableValue for str {
    fn encode(&self, ty: &ValueType<'_>, to: &mut Vec<u8>) -> Result<(), String> {
        let characters = match (ty.kind(), ty.element()) {
            (ValueKind::Array(_), Some(element)) => {
                element.size() == 1 && is_number(element.kind())
            }
            (kind, _) => kind == ValueKind::Unknown,
        };
        if !characters {
            return Err(other_kind(ty, "text"));
        }
        let (room, len) = (ty.size() as usize, self.len());
        if len >= room {
            return Err(format!(
                "it is {} and has room for {} bytes and a NUL, the text has {len} bytes",
                ty.title(),
                room.saturating_sub(1)
            ));
        }
        if self.contains('\0') {
            return Err("the text has a NUL in it, which would end it".to_owned());
        }
        to.extend_from_slice(self.as_bytes());
        to.extend(std::iter::repeat_n(0, room - len));
        Ok(())
    }
}

impl<T: VariableValue + ?Sized> VariableValue for &T {
    fn encode(&self, ty: &ValueType<'_>, to: &mut Vec<u8>) -> Result<(), String> {
        (**self).encode(ty, to)
    }
}
