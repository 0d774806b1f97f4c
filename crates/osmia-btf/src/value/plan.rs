//! How the values of one type are written, worked out once for many of them.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::bitfield::Bitfield;
use crate::btf::Btf;
use crate::endian::Endian;
use crate::id::TypeId;
use crate::kind::Kind;
use crate::ty::Type;
use crate::value::json::Json;
use crate::value::sink::{Scalar, Sink};
use crate::value::text::Text;
use crate::value::walk::{is_char, size_of as bytes_of};

/// Deeper types are left to the walk.
const DEPTH: u32 = 16;
/// Types with more parts are left to the walk.
const PARTS: usize = 512;
/// Types whose parts have more text around them are left to the walk.
const TEXT: usize = 1 << 14;
/// Stands for a part while what is around the parts is written.
const MARK: u128 = 987_654_321_098_765_431;

/// How values of one type are written as JSON or text. Writing by a plan gives what
/// [`to_json`](crate::value::to_json) and [`to_text`](crate::value::to_text) give, without looking
/// at the type again for each value.
///
/// # Examples
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use osmia_btf::{Btf, Kind, value::Plan};
///
/// # let btf = Btf::parse(osmia_btf::doc_fixture(), None)?;
/// let point = btf.find(Kind::Struct, "point")?.expect("it is there").id();
/// let plan = Plan::json(&btf, point).expect("its parts are plain");
/// let mut out = String::new();
/// assert!(plan.write(&[3, 0, 0, 0, 255, 255, 255, 255], &mut out));
/// assert_eq!(out, r#"{"x":3,"y":-1}"#);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Plan {
    /// The bytes of a value.
    size: usize,
    endian: Endian,
    is_json: bool,
    /// What stands in front of each part, and the part.
    steps: Vec<(String, Part)>,
    /// What stands behind the last part.
    end: String,
}

/// The names of an enum by the bits of their values.
type Names = HashMap<u64, String>;

/// A part without parts.
#[derive(Clone, Debug)]
struct Part {
    at: usize,
    size: usize,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Unsigned,
    Signed,
    Bool,
    Char,
    Pointer,
    Float,
    Text,
    Enum { names: Arc<Names>, signed: bool },
}

impl Plan {
    /// The plan for JSON; none for types that are left to [`to_json`](crate::value::to_json): with
    /// fields of bits, flexible or very long arrays, or what has no values.
    pub fn json(btf: &Btf, id: TypeId) -> Option<Self> {
        Self::new(btf, id, Json::new(), true, Json::into_string)
    }

    /// The plan for text, as [`Plan::json`].
    pub fn text(btf: &Btf, id: TypeId) -> Option<Self> {
        Self::new(btf, id, Text::new(), false, Text::into_string)
    }

    fn new<S: Sink>(
        btf: &Btf,
        id: TypeId,
        mut sink: S,
        is_json: bool,
        written: impl FnOnce(S) -> String,
    ) -> Option<Self> {
        let mut planner = Planner {
            btf,
            sink: &mut sink,
            parts: Vec::new(),
            left: 16 * PARTS,
            text: TEXT,
            names: HashMap::new(),
        };
        planner.value(id, 0, DEPTH)?;
        let parts = planner.parts;
        let written = written(sink);
        let mark = MARK.to_string();
        // A name may have the mark in it; then there is one too many.
        let mut around: Vec<String> = written.split(&mark).map(str::to_owned).collect();
        let end = around.pop()?;
        let size = bytes_of(btf, id).ok()? as usize;
        (around.len() == parts.len()).then(|| Self {
            size,
            endian: btf.endian(),
            is_json,
            steps: around.into_iter().zip(parts).collect(),
            end,
        })
    }

    /// Appends the value that `bytes` begin with; whether there were enough of them. If not,
    /// nothing is appended.
    pub fn write(&self, bytes: &[u8], out: &mut String) -> bool {
        let before = out.len();
        if bytes.len() < self.size {
            return false;
        }
        for (around, part) in &self.steps {
            out.push_str(around);
            let Some(bytes) = bytes.get(part.at..).and_then(|tail| tail.get(..part.size)) else {
                out.truncate(before);
                return false;
            };
            self.part(part, bytes, out);
        }
        out.push_str(&self.end);
        true
    }

    fn part(&self, part: &Part, bytes: &[u8], out: &mut String) {
        let raw = self.number(bytes);
        let signed = || {
            let spare = 64 - 8 * part.size.clamp(1, 8);
            (raw << spare) as i64 >> spare
        };
        let written = match &part.form {
            Form::Unsigned => write!(out, "{raw}"),
            Form::Signed => write!(out, "{}", signed()),
            Form::Bool if raw < 2 => write!(out, "{}", raw == 1),
            Form::Bool => write!(out, "{raw}"),
            Form::Enum { names, .. } if !self.is_json && names.contains_key(&raw) => {
                out.write_str(names.get(&raw).map_or("", String::as_str))
            }
            Form::Enum { names, signed: is_signed } => {
                let signed = signed();
                let scalar = match names.get(&raw) {
                    Some(name) => Scalar::Enum { name, value: signed.into() },
                    None if *is_signed && signed < 0 => Scalar::Signed(signed.into()),
                    None => Scalar::Unsigned(raw.into()),
                };
                self.scalar(scalar, out);
                Ok(())
            }
            Form::Char => {
                self.scalar(Scalar::Char(raw as u8), out);
                Ok(())
            }
            Form::Pointer => {
                self.scalar(Scalar::Pointer(raw), out);
                Ok(())
            }
            Form::Float => {
                let value = match part.size {
                    4 => f64::from(f32::from_bits(raw as u32)),
                    _ => f64::from_bits(raw),
                };
                self.scalar(Scalar::Float(value), out);
                Ok(())
            }
            Form::Text => {
                let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
                self.scalar(Scalar::Text(bytes.get(..end).unwrap_or_default()), out);
                Ok(())
            }
        };
        // Writing to a String does not fail.
        debug_assert!(written.is_ok());
    }

    /// As the sinks write it.
    fn scalar(&self, scalar: Scalar<'_>, out: &mut String) {
        if self.is_json {
            let mut sink = Json::new();
            sink.scalar(scalar);
            out.push_str(&sink.into_string());
        } else {
            let mut sink = Text::new();
            sink.scalar(scalar);
            out.push_str(&sink.into_string());
        }
    }

    /// The number in at most eight bytes; of no use for others.
    fn number(&self, bytes: &[u8]) -> u64 {
        let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        match self.endian {
            _ if bytes.len() > 8 => 0,
            Endian::Little => bytes.iter().rev().fold(0, add),
            Endian::Big => bytes.iter().fold(0, add),
        }
    }
}

/// Looks at the type once. Whatever is not plain ends the planning.
struct Planner<'a, 's, S> {
    btf: &'a Btf,
    sink: &'s mut S,
    parts: Vec<Part>,
    /// How many types may still be looked at: empty ones have no parts, but can be many.
    left: usize,
    /// How much text may still stand around parts.
    text: usize,
    /// The names of enums, each read once.
    names: HashMap<TypeId, Arc<Names>>,
}

impl<'a, S: Sink> Planner<'a, '_, S> {
    fn value(&mut self, id: TypeId, at: u64, depth: u32) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        self.left = self.left.checked_sub(1)?;
        let ty = self.btf.resolve(id).ok()?;
        let size = ty.own_size().unwrap_or_default();
        match ty.kind() {
            Kind::Int => {
                let int = ty.int().filter(|int| !Bitfield::is_type(&ty) && int.offset == 0)?;
                let form = match () {
                    () if int.is_bool => Form::Bool,
                    () if is_char(&ty) && int.size == 1 => Form::Char,
                    () if int.signed => Form::Signed,
                    () => Form::Unsigned,
                };
                // A truth value that is neither is written as the number that it is.
                (int.size <= 8 && !(int.is_bool && int.signed)).then_some(())?;
                self.part(at, int.size, form)
            }
            Kind::Enum | Kind::Enum64 => {
                let names = match self.names.get(&ty.id()) {
                    Some(names) => Arc::clone(names),
                    None => {
                        let names = Arc::new(names(&ty, size)?);
                        self.names.insert(ty.id(), Arc::clone(&names));
                        names
                    }
                };
                let signed = ty.is_signed_enum();
                self.part(at, size, Form::Enum { names, signed })
            }
            Kind::Ptr => self.part(at, 8, Form::Pointer),
            Kind::Float => matches!(size, 4 | 8).then(|| self.part(at, size, Form::Float))?,
            Kind::Array => self.array(&ty, at, depth),
            Kind::Struct | Kind::Union => {
                self.sink.begin_struct(&ty);
                self.members(&ty, at, depth)?;
                self.sink.end_struct();
                Some(())
            }
            _ => None,
        }
    }

    fn part(&mut self, at: u64, size: u32, form: Form) -> Option<()> {
        self.sink.scalar(Scalar::Unsigned(MARK));
        let (at, size) = (usize::try_from(at).ok()?, size as usize);
        self.parts.push(Part { at, size, form });
        (self.parts.len() <= PARTS).then_some(())
    }

    fn array(&mut self, ty: &Type<'a>, at: u64, depth: u32) -> Option<()> {
        let array = ty.array().filter(|array| array.len > 0)?;
        let size = bytes_of(self.btf, array.element).ok().filter(|size| *size > 0)?;
        if size == 1 && is_char(&self.btf.resolve(array.element).ok()?) {
            return self.part(at, array.len, Form::Text);
        }
        ((array.len as usize) <= PARTS).then_some(())?;
        self.sink.begin_array(array.len as usize);
        for index in 0..u64::from(array.len) {
            self.value(array.element, at + index * u64::from(size), depth)?;
        }
        self.sink.end_array();
        Some(())
    }

    fn members(&mut self, ty: &Type<'a>, at: u64, depth: u32) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        for member in ty.members() {
            self.left = self.left.checked_sub(1)?;
            let member = member.ok()?;
            if Bitfield::of(self.btf, &member).ok()?.is_some() || member.offset.0 % 8 != 0 {
                return None;
            }
            let at = at + u64::from(member.offset.0 / 8);
            if member.name.is_empty() {
                let target = self.btf.resolve(member.ty).ok()?;
                if target.is_composite() {
                    self.members(&target, at, depth)?;
                }
                continue;
            }
            self.text = self.text.checked_sub(member.name.len())?;
            self.sink.field(member.name);
            self.value(member.ty, at, depth)?;
        }
        Some(())
    }
}

/// The names of an enum by the bits of their values; the first of several counts.
fn names(ty: &Type<'_>, size: u32) -> Option<Names> {
    let bits = size.checked_mul(8).filter(|bits| (8..=64).contains(bits))?;
    let (mut names, mut text) = (HashMap::new(), TEXT);
    for enumerator in ty.enumerators() {
        let enumerator = enumerator.ok()?;
        text = text.checked_sub(enumerator.name.len() + size_of::<String>())?;
        let raw = enumerator.value() as u64 & (u64::MAX >> (64 - bits));
        names.entry(raw).or_insert_with(|| enumerator.name.to_owned());
    }
    Some(names)
}
