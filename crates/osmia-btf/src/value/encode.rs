//! From what a user wrote to bytes.

use crate::bitfield::Bitfield;
use crate::btf::Btf;
use crate::c;
use crate::id::{Bits, TypeId};
use crate::kind::Kind;
use crate::path::PathError;
use crate::ty::{Array, Type};
use crate::value::bits;
use crate::value::error::{Problem, Step, ValueError};
use crate::value::input::{Input, Integer};
use crate::value::parse::number;
use crate::value::walk::{Place, bits_of, size_of};

/// Deeper values are circles, or made to hurt.
const DEPTH: u32 = 64;
/// As many names are listed where one was not found.
const LISTED: usize = 12;

impl Input {
    /// The bytes of a value of this type; what is not mentioned is zero.
    ///
    /// # Errors
    /// Something does not fit, or there is no such field or name; the error says at which
    /// field.
    pub fn encode(&self, btf: &Btf, id: TypeId) -> Result<Vec<u8>, ValueError> {
        let mut bytes = vec![0; size_of(btf, id)? as usize];
        self.write(btf, id, &mut bytes)?;
        Ok(bytes)
    }

    /// Changes what is mentioned in the bytes of a value of this type, and nothing else.
    ///
    /// # Errors
    /// As for [`Input::encode`], and if there are too few bytes. What was written by then
    /// stays.
    pub fn write(&self, btf: &Btf, id: TypeId, bytes: &mut [u8]) -> Result<(), ValueError> {
        let (need, have) = (u64::from(size_of(btf, id)?), bytes.len() as u64);
        if need > have {
            return Err(Problem::Short { need, have }.into());
        }
        Encoder { btf, bytes }.value(id, Place { start: 0, room: have }, self, DEPTH)
    }

    /// As [`Input::write`], for the part of the value that a path leads to: `limits[2].max`.
    ///
    /// # Errors
    /// As for [`Input::write`], and if the path leads nowhere.
    pub fn write_at(
        &self,
        btf: &Btf,
        id: TypeId,
        path: &str,
        bytes: &mut [u8],
    ) -> Result<(), ValueError> {
        let place = btf.member(id, path).map_err(|error| match error {
            PathError::Btf(error) => Problem::Btf(error),
            other => Problem::Path(other),
        })?;
        let start = u64::from(place.offset.0);
        let room = match flexible(btf, id)? == Some(start) {
            true => (bytes.len() as u64).saturating_sub(start / 8),
            false => u64::from(size_of(btf, place.ty)?),
        };
        let mut encoder = Encoder { btf, bytes };
        let done = match place.bitfield {
            Some(width) => encoder.scalar(place.ty, &btf.resolve(place.ty)?, start, width, self),
            None => encoder.value(place.ty, Place { start, room }, self, DEPTH),
        };
        done.map_err(|error| error.within(Step::Field(path)))
    }
}

/// Where the flexible array begins that a value of the type ends with, in bits; none if it ends
/// with something else. Its elements are the bytes that are left.
fn flexible(btf: &Btf, id: TypeId) -> Result<Option<u64>, ValueError> {
    let (mut id, mut start) = (id, 0_u64);
    for _ in 0..DEPTH {
        let ty = btf.resolve(id)?;
        let last = match ty.kind() {
            Kind::Array => return Ok(ty.array().filter(|array| array.len == 0).map(|_| start)),
            Kind::Struct => ty.vlen().checked_sub(1).and_then(|last| ty.member_at(last)),
            _ => None,
        };
        let Some(member) = last.transpose()? else { return Ok(None) };
        start = start.saturating_add(u64::from(member.offset.0));
        id = member.ty;
    }
    Ok(None)
}

/// Whether what begins here may go on to the end of a struct's or union's place.
fn is_last(ty: &Type<'_>, start: Bits) -> Result<bool, ValueError> {
    let last = ty.vlen().checked_sub(1).and_then(|last| ty.member_at(last)).transpose()?;
    Ok(ty.kind() == Kind::Union || last.is_some_and(|last| start >= last.offset))
}

struct Encoder<'a, 'v> {
    btf: &'a Btf,
    bytes: &'v mut [u8],
}

impl<'a> Encoder<'a, '_> {
    fn value(
        &mut self,
        id: TypeId,
        place: Place,
        input: &Input,
        depth: u32,
    ) -> Result<(), ValueError> {
        let start = place.start;
        let depth = depth.checked_sub(1).ok_or(Problem::TooMuch)?;
        let ty = self.btf.resolve(id)?;
        let size = ty.own_size().unwrap_or_default();
        match ty.kind() {
            Kind::Int => {
                let int = ty.int().ok_or(Problem::NoValues { id, kind: Kind::Int })?;
                self.scalar(id, &ty, start + u64::from(int.offset), int.bits, input)
            }
            Kind::Enum | Kind::Enum64 => self.scalar(id, &ty, start, bits_of(size), input),
            Kind::Ptr => self.scalar(id, &ty, start, 64, input),
            Kind::Float => self.float(id, start, size, input),
            Kind::Array => {
                let array = ty.array().unwrap_or(Array { element: id, index: id, len: 0 });
                self.array(id, &array, place, input, depth)
            }
            Kind::Struct | Kind::Union => match input {
                Input::Null => self.clear(start, u64::from(size)),
                Input::Fields(fields) => self.fields(&ty, place, fields, depth),
                _ => Err(self.mismatch(id, "fields in braces", input)),
            },
            Kind::DataSec => match input {
                Input::Fields(fields) => self.variables(&ty, start, fields, depth),
                _ => Err(self.mismatch(id, "variables in braces", input)),
            },
            Kind::Var => self.value(ty.target().unwrap_or_default(), place, input, depth),
            kind => Err(Problem::NoValues { id, kind }.into()),
        }
    }

    /// Writes an integer, an enum or a pointer of so many bits.
    fn scalar(
        &mut self,
        id: TypeId,
        ty: &Type<'a>,
        start: u64,
        width: u32,
        input: &Input,
    ) -> Result<(), ValueError> {
        let int = ty.int();
        let signed = int.map_or(ty.is_signed_enum(), |int| int.signed);
        let is_bool = int.is_some_and(|int| int.is_bool);
        let raw = match input {
            Input::Null => 0,
            Input::Bool(value) if int.is_some() => u128::from(*value),
            Input::Integer(integer) => self.fit(id, integer, width, signed, is_bool)?,
            Input::Name(name) if ty.is_enum() => self.enumerator(id, ty, name)?,
            Input::Text(text) => self.text_scalar(id, ty, width, signed, input, text)?,
            Input::Name(_)
            | Input::Bool(_)
            | Input::Float(_)
            | Input::List(_)
            | Input::Fields(_) => {
                let expected = match ty.kind() {
                    Kind::Int if is_bool => "true or false",
                    Kind::Int => "a number",
                    Kind::Ptr => "an address",
                    _ => "a name or a number",
                };
                return Err(self.mismatch(id, expected, input));
            }
        };
        self.put(start, width, raw)
    }

    /// The bits of text that stands for a number: one character, or a number in quotes, as
    /// JSON has it where numbers are too large for its readers.
    fn text_scalar(
        &self,
        id: TypeId,
        ty: &Type<'a>,
        width: u32,
        signed: bool,
        input: &Input,
        text: &[u8],
    ) -> Result<u128, ValueError> {
        let words = std::str::from_utf8(text).unwrap_or_default();
        if ty.is_enum() && !words.is_empty() {
            return self.enumerator(id, ty, words);
        }
        match (number(words), text) {
            (Some(Input::Integer(integer)), _) if width > 8 => {
                self.fit(id, &integer, width, signed, false)
            }
            (_, &[byte]) if width == 8 => Ok(u128::from(byte)),
            _ => Err(self.mismatch(id, "a number", input)),
        }
    }

    /// The bits of an integer, if they are few enough.
    fn fit(
        &self,
        id: TypeId,
        integer: &Integer,
        width: u32,
        signed: bool,
        is_bool: bool,
    ) -> Result<u128, ValueError> {
        let all = u128::MAX >> (128 - width.clamp(1, 128));
        let most = match (is_bool, signed) {
            (true, _) => 1,
            (false, true) => all >> 1,
            (false, false) => all,
        };
        let least = if signed { (all >> 1) + 1 } else { 0 };
        let fits = if integer.negative {
            integer.magnitude <= least
        } else {
            integer.magnitude <= if integer.is_pattern && !is_bool { all } else { most }
        };
        if !fits {
            let least = 0_i128.wrapping_sub_unsigned(least);
            let (value, ty) = (integer.to_string(), self.title(id));
            return Err(Problem::Range { value, ty, least, most }.into());
        }
        let magnitude = integer.magnitude;
        Ok(if integer.negative { magnitude.wrapping_neg() & all } else { magnitude })
    }

    fn enumerator(&self, id: TypeId, ty: &Type<'a>, name: &str) -> Result<u128, ValueError> {
        let mut known = Vec::new();
        for enumerator in ty.enumerators() {
            let enumerator = enumerator?;
            if enumerator.name == name {
                return Ok(enumerator.value() as u128);
            }
            if known.len() < LISTED {
                known.push(enumerator.name.to_owned());
            }
        }
        Err(Problem::NoSuchName { ty: self.title(id), name: name.to_owned(), known }.into())
    }

    fn float(
        &mut self,
        id: TypeId,
        start: u64,
        size: u32,
        input: &Input,
    ) -> Result<(), ValueError> {
        let value = match input {
            Input::Null => 0.0,
            Input::Float(value) => *value,
            Input::Integer(integer) => integer.nearest_float(),
            _ => return Err(self.mismatch(id, "a number", input)),
        };
        match size {
            4 => self.put(start, 32, u128::from((value as f32).to_bits())),
            8 => self.put(start, 64, u128::from(value.to_bits())),
            _ => Err(Problem::NoValues { id, kind: Kind::Float }.into()),
        }
    }

    fn array(
        &mut self,
        id: TypeId,
        array: &Array,
        place: Place,
        input: &Input,
        depth: u32,
    ) -> Result<(), ValueError> {
        let start = place.start;
        let size = u64::from(size_of(self.btf, array.element)?);
        let len = match array.len {
            // As many as there are bytes for.
            0 => place.room.checked_div(size).unwrap_or(0),
            len => len.into(),
        };
        let too_many = |this: &Self, count| {
            let mut ty = this.title(id);
            if array.len == 0 {
                ty = format!("{ty}, which has room for {len} here");
            }
            ValueError::from(Problem::TooMany { ty, count })
        };
        match input {
            Input::Null => self.clear(start, size.saturating_mul(len)),
            Input::Text(text) if size == 1 => {
                if text.len() as u64 > len {
                    return Err(too_many(self, text.len()));
                }
                self.clear(start, len)?;
                for (at, &byte) in (0..).zip(text) {
                    self.put(start + at * 8, 8, byte.into())?;
                }
                Ok(())
            }
            Input::List(list) => {
                if list.len() as u64 > len {
                    return Err(too_many(self, list.len()));
                }
                for (at, element) in list.iter().enumerate() {
                    let start = start + at as u64 * size * 8;
                    let place = Place { start, room: size };
                    let done = self.value(array.element, place, element, depth);
                    done.map_err(|error| error.within(Step::Index(at)))?;
                }
                Ok(())
            }
            _ if size == 1 => Err(self.mismatch(id, "text or a list", input)),
            _ => Err(self.mismatch(id, "a list", input)),
        }
    }

    fn fields(
        &mut self,
        ty: &Type<'a>,
        place: Place,
        fields: &[(String, Input)],
        depth: u32,
    ) -> Result<(), ValueError> {
        for (name, input) in fields {
            let done = self.field(ty, place, name, input, depth);
            done.map_err(|error| error.within(Step::Field(name)))?;
        }
        Ok(())
    }

    fn field(
        &mut self,
        ty: &Type<'a>,
        whole: Place,
        name: &str,
        input: &Input,
        depth: u32,
    ) -> Result<(), ValueError> {
        let Some((member, place)) = self.btf.member_named(ty, name)? else {
            let known = self.known(ty)?;
            let (ty, name) = (self.title(ty.id()), name.to_owned());
            // The path tells the field itself.
            return Err(Problem::NoSuchName { ty, name, known }.into());
        };
        let start = whole.start + u64::from(place.0);
        match Bitfield::of(self.btf, &member)? {
            Some(field) => {
                let within = field.offset.0.saturating_sub(member.offset.0);
                let target = self.btf.resolve(member.ty)?;
                let start = start + u64::from(within);
                self.scalar(member.ty, &target, start, field.width, input)
            }
            None => {
                let room = match is_last(ty, place)? {
                    true => whole.room.saturating_sub(u64::from(place.byte())),
                    false => size_of(self.btf, member.ty)?.into(),
                };
                self.value(member.ty, Place { start, room }, input, depth)
            }
        }
    }

    fn variables(
        &mut self,
        ty: &Type<'a>,
        start: u64,
        fields: &[(String, Input)],
        depth: u32,
    ) -> Result<(), ValueError> {
        for (name, input) in fields {
            let mut found = None;
            for var in ty.section_vars() {
                if self.btf.ty(var.var)?.name() == name {
                    found = Some(var);
                    break;
                }
            }
            let done = match found {
                Some(var) => {
                    let start = start + u64::from(var.offset) * 8;
                    self.value(var.var, Place { start, room: var.size.into() }, input, depth)
                }
                None => {
                    let known = self.known(ty)?;
                    let (ty, name) = (ty.name().to_owned(), name.clone());
                    Err(Problem::NoSuchName { ty, name, known }.into())
                }
            };
            done.map_err(|error| error.within(Step::Field(name)))?;
        }
        Ok(())
    }

    /// Some of the names that there are.
    fn known(&self, ty: &Type<'a>) -> Result<Vec<String>, ValueError> {
        let names = self.btf.member_names(ty)?;
        Ok(names.into_iter().take(LISTED).map(str::to_owned).collect())
    }

    fn put(&mut self, start: u64, width: u32, raw: u128) -> Result<(), ValueError> {
        let endian = self.btf.endian();
        let need = (start + u64::from(width)).div_ceil(8);
        let have = self.bytes.len() as u64;
        bits::write(self.bytes, endian, start, width, raw)
            .ok_or_else(|| Problem::Short { need, have }.into())
    }

    fn clear(&mut self, start: u64, len: u64) -> Result<(), ValueError> {
        let have = self.bytes.len() as u64;
        let need = (start / 8).saturating_add(len);
        let range = usize::try_from(need).ok().map(|end| (start / 8) as usize..end);
        let bytes = range.and_then(|range| self.bytes.get_mut(range));
        bytes.ok_or(Problem::Short { need, have })?.fill(0);
        Ok(())
    }

    fn mismatch(&self, id: TypeId, expected: &'static str, input: &Input) -> ValueError {
        Problem::Mismatch { ty: self.title(id), expected, found: input.sort() }.into()
    }

    /// What the type is called in C, or else its number.
    fn title(&self, id: TypeId) -> String {
        c::title(self.btf, id, "").unwrap_or_else(|_| id.to_string())
    }
}
