//! From bytes to the parts of a value.

use crate::bitfield::Bitfield;
use crate::btf::Btf;
use crate::error::Error;
use crate::id::TypeId;
use crate::kind::Kind;
use crate::ty::{Array, Type};
use crate::value::bits;
use crate::value::error::{Problem, Step, ValueError};
use crate::value::sink::{Scalar, Sink};

/// Deeper values are circles, or made to hurt.
const DEPTH: u32 = 64;

/// Hands the parts of the value that `bytes` begin with to a sink.
///
/// Bytes behind a struct that ends with a flexible array are that array's elements.
///
/// # Errors
/// The bytes are too few, the type has no values, or its records are broken. What was
/// handed over by then stays so.
pub fn walk(btf: &Btf, id: TypeId, bytes: &[u8], sink: &mut impl Sink) -> Result<(), ValueError> {
    let have = bytes.len() as u64;
    let need = u64::from(size_of(btf, id)?);
    if need > have {
        return Err(Problem::Short { need, have }.into());
    }
    // Unions show the same bytes several times, but not without end.
    let budget = bytes.len().saturating_mul(32).saturating_add(1 << 16);
    Walker { btf, bytes, sink, budget }.value(id, Place { start: 0, room: have }, DEPTH)
}

/// What a value of the type takes.
pub(super) fn size_of(btf: &Btf, id: TypeId) -> Result<u32, ValueError> {
    btf.size_of(id).map_err(|error| match error {
        Error::Unsized { id, kind } => Problem::NoValues { id, kind }.into(),
        other => other.into(),
    })
}

/// Where a value is.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Its first bit.
    pub start: u64,
    /// Bytes from there to the end of what it may take: more than its size if it ends with
    /// a flexible array and nothing comes behind it.
    pub room: u64,
}

struct Walker<'a, 'v, S> {
    btf: &'a Btf,
    bytes: &'v [u8],
    sink: &'v mut S,
    /// How many parts may still come.
    budget: usize,
}

impl<'a, 'v, S: Sink> Walker<'a, 'v, S> {
    fn value(&mut self, id: TypeId, place: Place, depth: u32) -> Result<(), ValueError> {
        let depth = depth.checked_sub(1).ok_or(Problem::TooMuch)?;
        self.budget = self.budget.checked_sub(1).ok_or(Problem::TooMuch)?;
        let ty = self.btf.resolve(id)?;
        let size = ty.own_size().unwrap_or_default();
        match ty.kind() {
            Kind::Int => {
                let Some(int) = ty.int() else { return Ok(()) };
                let start = place.start + u64::from(int.offset);
                self.int(&ty, start, int.bits)
            }
            Kind::Enum | Kind::Enum64 => self.enumeration(&ty, place.start, bits_of(size)),
            Kind::Ptr => {
                let address = self.read(place.start, 64)?;
                self.sink.scalar(Scalar::Pointer(address as u64));
                Ok(())
            }
            Kind::Float => self.float(place.start, size),
            Kind::Array => {
                let array = ty.array().unwrap_or(Array { element: id, index: id, len: 0 });
                self.array(&array, place, depth)
            }
            Kind::Struct | Kind::Union => {
                self.sink.begin_struct(&ty);
                self.members(&ty, place, depth)?;
                self.sink.end_struct();
                Ok(())
            }
            Kind::DataSec => self.section(&ty, place, depth),
            Kind::Var => self.value(ty.target().unwrap_or_default(), place, depth),
            kind => Err(Problem::NoValues { id, kind }.into()),
        }
    }

    fn int(&mut self, ty: &Type<'a>, start: u64, width: u32) -> Result<(), ValueError> {
        let raw = self.read(start, width)?;
        let Some(int) = ty.int() else { return Ok(()) };
        self.sink.scalar(if int.is_bool && raw < 2 {
            Scalar::Bool(raw == 1)
        } else if is_char(ty) && width == 8 {
            Scalar::Char(raw as u8)
        } else if int.signed {
            Scalar::Signed(bits::sign_extend(raw, width))
        } else {
            Scalar::Unsigned(raw)
        });
        Ok(())
    }

    fn enumeration(&mut self, ty: &Type<'a>, start: u64, width: u32) -> Result<(), ValueError> {
        let raw = self.read(start, width)?;
        let value = if ty.is_signed_enum() { bits::sign_extend(raw, width) } else { raw as i128 };
        for enumerator in ty.enumerators() {
            let enumerator = enumerator?;
            // Compilers that do not tell the sign leave negative values as large ones.
            let known = enumerator.value();
            if known == value || (known as u128 ^ raw) & low_bits(width) == 0 {
                self.sink.scalar(Scalar::Enum { name: enumerator.name, value: known });
                return Ok(());
            }
        }
        self.sink.scalar(if value < 0 { Scalar::Signed(value) } else { Scalar::Unsigned(raw) });
        Ok(())
    }

    fn float(&mut self, start: u64, size: u32) -> Result<(), ValueError> {
        let scalar = match size {
            4 => Scalar::Float(f64::from(f32::from_bits(self.read(start, 32)? as u32))),
            8 => Scalar::Float(f64::from_bits(self.read(start, 64)? as u64)),
            _ => Scalar::Bytes(self.slice(start, u64::from(size))?),
        };
        self.sink.scalar(scalar);
        Ok(())
    }

    fn array(&mut self, array: &Array, place: Place, depth: u32) -> Result<(), ValueError> {
        let size = u64::from(size_of(self.btf, array.element)?);
        let is_text = size == 1 && is_char(&self.btf.resolve(array.element)?);
        let len = match (array.len, size) {
            // Elements that take no room: there could be any number of them.
            (_, 0) => 0,
            (0, _) => place.room / size,
            (len, _) => u64::from(len),
        };
        if is_text {
            let bytes = self.slice(place.start, len)?;
            let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
            self.sink.scalar(Scalar::Text(bytes.get(..end).unwrap_or_default()));
            return Ok(());
        }
        // Fewer bytes than elements, and there is nothing to begin.
        self.slice(place.start, len.saturating_mul(size))?;
        self.sink.begin_array(len as usize);
        for at in 0..len {
            let start = place.start + at * size * 8;
            let done = self.value(array.element, Place { start, room: size }, depth);
            done.map_err(|error| error.within(Step::Index(at as usize)))?;
        }
        self.sink.end_array();
        Ok(())
    }

    fn members(&mut self, ty: &Type<'a>, place: Place, depth: u32) -> Result<(), ValueError> {
        let depth = depth.checked_sub(1).ok_or(Problem::TooMuch)?;
        let count = ty.members().len();
        for (index, member) in ty.members().enumerate() {
            let member = member?;
            let start = place.start + u64::from(member.offset.0);
            let target = self.btf.resolve(member.ty)?;
            let is_last = index + 1 == count || ty.kind() == Kind::Union;
            let before = u64::from(member.offset.byte());
            let room = if is_last {
                place.room.saturating_sub(before)
            } else {
                u64::from(size_of(self.btf, member.ty)?)
            };
            let inner = Place { start, room };
            if member.name.is_empty() {
                // Bits without a name have no value.
                if target.is_composite() {
                    self.budget = self.budget.checked_sub(1).ok_or(Problem::TooMuch)?;
                    self.members(&target, inner, depth)?;
                }
                continue;
            }
            self.sink.field(member.name);
            let done = match Bitfield::of(self.btf, &member)? {
                Some(field) => {
                    let start = place.start + u64::from(field.offset.0);
                    self.bitfield(&target, start, field.width)
                }
                None => self.value(member.ty, inner, depth),
            };
            done.map_err(|error| error.within(Step::Field(member.name)))?;
        }
        Ok(())
    }

    fn bitfield(&mut self, ty: &Type<'a>, start: u64, width: u32) -> Result<(), ValueError> {
        self.budget = self.budget.checked_sub(1).ok_or(Problem::TooMuch)?;
        match ty.kind() {
            Kind::Int => self.int(ty, start, width),
            Kind::Enum | Kind::Enum64 => self.enumeration(ty, start, width),
            kind => Err(Problem::NoValues { id: ty.id(), kind }.into()),
        }
    }

    fn section(&mut self, ty: &Type<'a>, place: Place, depth: u32) -> Result<(), ValueError> {
        self.sink.begin_struct(ty);
        for var in ty.section_vars() {
            let variable = self.btf.ty(var.var)?;
            if variable.kind() != Kind::Var {
                continue;
            }
            self.sink.field(variable.name());
            let start = place.start + u64::from(var.offset) * 8;
            let inner = Place { start, room: u64::from(var.size) };
            let done = self.value(variable.target().unwrap_or_default(), inner, depth);
            done.map_err(|error| error.within(Step::Field(variable.name())))?;
        }
        self.sink.end_struct();
        Ok(())
    }

    fn read(&self, start: u64, width: u32) -> Result<u128, ValueError> {
        let value = bits::read(self.bytes, self.btf.endian(), start, width);
        value.ok_or_else(|| self.short(start + u64::from(width)))
    }

    fn slice(&self, start: u64, len: u64) -> Result<&'v [u8], ValueError> {
        let first = (start / 8) as usize;
        let end = (start / 8).saturating_add(len);
        let end_here = usize::try_from(end).unwrap_or(usize::MAX);
        self.bytes.get(first..end_here).ok_or_else(|| self.short(end.saturating_mul(8)))
    }

    fn short(&self, end: u64) -> ValueError {
        Problem::Short { need: end.div_ceil(8), have: self.bytes.len() as u64 }.into()
    }
}

/// Whether the type is one whose arrays are text.
pub(super) fn is_char(ty: &Type<'_>) -> bool {
    ty.int().is_some_and(|int| int.size == 1 && (int.is_char || ty.name() == "char"))
}

pub(super) fn bits_of(size: u32) -> u32 {
    size.saturating_mul(8).min(128)
}

fn low_bits(width: u32) -> u128 {
    u128::MAX >> (128 - width.clamp(1, 128))
}
