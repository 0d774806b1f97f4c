//! Declarations: C's way of writing a type around a name.

use crate::c::base::{write_float, write_int, write_number, write_unsigned};
use crate::c::name::write_identifier;
use crate::c::tag::write_tag;
use crate::c::writer::{Writer, deeper};
use crate::error::Error;
use crate::id::TypeId;
use crate::kind::Kind;
use crate::ty::Type;

/// Pointers of pointers of arrays, and so on, up to the type that has a name.
const STEPS: usize = 64;

/// One step from what is declared towards the type it is made of.
#[derive(Clone, Copy)]
pub(super) enum Step<'a> {
    Pointer,
    Array(u32),
    Function(Type<'a>),
    Const,
    Volatile,
    Restrict,
    Tag(&'a str, bool),
}

impl Step<'_> {
    /// Whether C writes it behind the name, so that a pointer to it needs parentheses.
    fn is_behind(self) -> bool {
        matches!(self, Self::Array(_) | Self::Function(_))
    }

    fn is_qualifier(self) -> bool {
        matches!(self, Self::Const | Self::Volatile | Self::Restrict | Self::Tag(..))
    }

    /// Whether it applies to the next step that is no array: C has no arrays that are
    /// constant, only arrays of what is constant.
    fn is_passed_on(self) -> bool {
        matches!(self, Self::Array(_)) || self.is_qualifier()
    }
}

impl<'a> Writer<'a> {
    /// Writes the declaration of `name` as something of the type: `struct sock *sk`.
    pub(super) fn declaration(
        &mut self,
        id: TypeId,
        name: &str,
        level: usize,
        depth: u32,
    ) -> Result<(), Error> {
        if let Some(front) = self.fronts.get(id) {
            self.text.push_str(front);
            self.declared_name(name);
            return Ok(());
        }
        let depth = deeper(id, depth)?;
        let start = self.steps.len();
        let text = self.text.len();
        let base = self.unwind(id)?;
        self.qualifiers(start, self.steps.len());
        let named = self.specifier(&base, level, depth)?;
        self.type_tags(start, self.steps.len());
        self.text.push(' ');
        self.front(start);
        let steps = self.steps.get(start..).unwrap_or_default();
        if named && !steps.iter().any(|step| step.is_behind()) {
            self.fronts.add(id, self.text.get(text..).unwrap_or_default());
        }
        self.declared_name(name);
        let done = self.back(start, depth);
        self.steps.truncate(start);
        done
    }

    fn declared_name(&mut self, name: &str) {
        if !name.is_empty() {
            write_identifier(&mut self.text, name);
        } else if self.text.ends_with(' ') {
            self.text.pop();
        }
    }

    /// Pushes the steps from the type to its base, and returns that.
    fn unwind(&mut self, id: TypeId) -> Result<Type<'a>, Error> {
        let mut at = id;
        for _ in 0..STEPS {
            let ty = self.btf.ty_unnamed(at)?;
            let target = ty.target().unwrap_or_default();
            let (step, next) = match ty.kind() {
                Kind::Ptr => (Step::Pointer, target),
                Kind::FuncProto => (Step::Function(ty), target),
                Kind::Const => (Step::Const, target),
                Kind::Volatile => (Step::Volatile, target),
                Kind::Restrict => (Step::Restrict, target),
                Kind::TypeTag => (Step::Tag(self.btf.ty(at)?.name(), ty.flag()), target),
                kind => match ty.array() {
                    Some(array) => (Step::Array(array.len), array.element),
                    None if matches!(
                        kind,
                        Kind::Func | Kind::Var | Kind::DataSec | Kind::DeclTag
                    ) =>
                    {
                        let problem = "is used where a type of values is needed";
                        return Err(Error::Invalid { id: at, kind, problem });
                    }
                    None => return Ok(ty),
                },
            };
            self.steps.push(step);
            at = next;
        }
        Err(Error::TooDeep { id, limit: STEPS as u32 })
    }

    /// Writes the words that qualify the type or pointer whose outer steps end at `end`.
    fn qualifiers(&mut self, start: usize, end: usize) {
        let run = self.steps.get(start..end).unwrap_or_default();
        let run = run.iter().rev().take_while(|step| step.is_passed_on());
        let (mut is_const, mut is_volatile, mut is_restrict) = (false, false, false);
        for step in run {
            is_const |= matches!(step, Step::Const);
            is_volatile |= matches!(step, Step::Volatile);
            is_restrict |= matches!(step, Step::Restrict);
        }
        // `restrict` is for pointers, which are steps themselves.
        is_restrict &= end < self.steps.len();
        let words = [(is_const, "const "), (is_volatile, "volatile "), (is_restrict, "restrict ")];
        for (_, word) in words.iter().filter(|(is, _)| *is) {
            self.text.push_str(word);
        }
    }

    /// Writes the tags of the type or pointer whose outer steps end at `end`.
    fn type_tags(&mut self, start: usize, end: usize) {
        for at in (start..end).rev() {
            match self.steps.get(at).copied() {
                Some(Step::Tag(text, is_attribute)) => {
                    write_tag(&mut self.text, "btf_type_tag", text, is_attribute);
                }
                Some(step) if step.is_passed_on() => {}
                _ => return,
            }
        }
    }
    /// Writes the stars, from the base outwards.
    fn front(&mut self, start: usize) {
        for at in (start..self.steps.len()).rev() {
            if !matches!(self.steps.get(at), Some(Step::Pointer)) {
                continue;
            }
            self.text.push_str(if self.points_behind(at) { "(*" } else { "*" });
            self.qualifiers(start, at);
            let before = self.text.len();
            self.type_tags(start, at);
            if self.text.len() > before {
                self.text.push(' ');
            }
        }
    }

    /// Writes brackets and parameters, from the name inwards.
    fn back(&mut self, start: usize, depth: u32) -> Result<(), Error> {
        for at in start..self.steps.len() {
            match self.steps.get(at).copied() {
                Some(Step::Pointer) if self.points_behind(at) => self.text.push(')'),
                Some(Step::Array(len)) => {
                    self.text.push('[');
                    write_number(&mut self.text, u64::from(len));
                    self.text.push(']');
                }
                Some(Step::Function(proto)) => self.params(&proto, depth)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether the pointer at this step points to an array or a function.
    fn points_behind(&self, at: usize) -> bool {
        let inner = self.steps.iter().skip(at + 1);
        let mut inner = inner.filter(|step| !step.is_qualifier());
        inner.next().is_some_and(|step| step.is_behind())
    }

    fn params(&mut self, proto: &Type<'a>, depth: u32) -> Result<(), Error> {
        if proto.vlen() == 0 {
            self.text.push_str("(void)");
            return Ok(());
        }
        self.text.push('(');
        let count = proto.vlen() as usize;
        for (at, param) in proto.params().enumerate() {
            let param = param?;
            if at > 0 {
                self.text.push_str(", ");
            }
            if param.ty.is_void() && at + 1 == count && param.name.is_empty() {
                // A C function with nothing but `...` takes anything.
                self.text.push_str(if at == 0 { "" } else { "..." });
            } else {
                self.declaration(param.ty, param.name, 0, depth)?;
            }
            self.check_size(proto.id())?;
        }
        self.text.push(')');
        Ok(())
    }

    /// Writes the type that everything else is wrapped around; tells whether that is a name
    /// rather than a body.
    fn specifier(&mut self, ty: &Type<'a>, level: usize, depth: u32) -> Result<bool, Error> {
        let with_body = ty.is_composite() || ty.is_enum() && ty.vlen() > 0;
        if with_body && !ty.is_named() {
            self.text.push_str(keyword(ty));
            if !self.with_bodies {
                self.text.push_str(" { ... }");
                return Ok(true);
            }
            self.body(ty, level, depth)?;
            return Ok(false);
        }
        self.named_specifier(&self.btf.ty(ty.id())?)?;
        Ok(true)
    }

    fn named_specifier(&mut self, ty: &Type<'a>) -> Result<(), Error> {
        let size = ty.own_size().unwrap_or_default();
        match ty.kind() {
            Kind::Void => self.text.push_str("void"),
            Kind::Int => write_int(&mut self.text, ty),
            Kind::Float => write_float(&mut self.text, size),
            Kind::Typedef => self.type_name(ty),
            // C cannot declare an enum without its values.
            Kind::Enum | Kind::Enum64 if ty.vlen() == 0 => write_unsigned(&mut self.text, size),
            Kind::Struct | Kind::Union | Kind::Enum | Kind::Enum64 | Kind::Fwd => {
                self.text.push_str(keyword(ty));
                self.text.push(' ');
                self.type_name(ty);
            }
            kind => {
                let problem = "has no counterpart in C";
                return Err(Error::Invalid { id: ty.id(), kind, problem });
            }
        }
        Ok(())
    }
}

/// What stands in front of the name, by type, for types that put nothing behind it.
#[derive(Default)]
pub(super) struct Fronts {
    text: String,
    /// Where in the text it is, by id.
    places: Vec<(u32, u32)>,
}

impl Fronts {
    fn get(&self, id: TypeId) -> Option<&str> {
        let &(start, end) = self.places.get(id.0 as usize)?;
        self.text.get(start as usize..end as usize).filter(|text| !text.is_empty())
    }

    fn add(&mut self, id: TypeId, text: &str) {
        let start = self.text.len();
        let end = start + text.len();
        if self.places.len() <= id.0 as usize {
            self.places.resize(id.0 as usize + 1, (0, 0));
        }
        let (Some(place), Ok(end)) = (self.places.get_mut(id.0 as usize), u32::try_from(end))
        else {
            return;
        };
        *place = (start as u32, end);
        self.text.push_str(text);
    }
}

/// The word that C puts in front of the name.
pub(super) fn keyword(ty: &Type<'_>) -> &'static str {
    match ty.kind() {
        Kind::Struct => "struct",
        Kind::Fwd if !ty.is_union_fwd() => "struct",
        Kind::Union | Kind::Fwd => "union",
        _ => "enum",
    }
}
