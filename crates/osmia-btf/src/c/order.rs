//! The order in which C can read definitions.

use std::fmt::Write;

use crate::btf::Btf;
use crate::c::declarator::keyword;
use crate::c::name::is_new_keyword;
use crate::c::need::{Need, Needs, State};
use crate::c::writer::Writer;
use crate::error::Error;
use crate::id::TypeId;
use crate::kind::Kind;
use crate::ty::Type;

/// More text than this goes to the reader before more is made.
const CHUNK: usize = 1 << 15;

/// Holds where `bool` and others are no words of the language yet.
const OLD_C: &str = "#if !defined(__STDC_VERSION__) || __STDC_VERSION__ < 202000L \\
    || (defined(__clang_major__) && __clang_major__ < 15)
";

/// A type whose needs are being met.
struct Frame {
    id: TypeId,
    /// Where in the list of needs its own begin.
    first: usize,
    /// The next one to meet.
    next: usize,
}

/// Which form the last lines have, which decides on blank lines.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Start,
    Forward,
    Typedef,
    Body,
}

/// Writes definitions so that each comes behind what it needs.
pub(super) struct Order<'a, 'o, W> {
    pub writer: Writer<'a>,
    out: &'o mut W,
    needs: Needs<'a>,
    frames: Vec<Frame>,
    form: Form,
}

impl<'a, 'o, W: Write> Order<'a, 'o, W> {
    pub fn new(writer: Writer<'a>, out: &'o mut W) -> Result<Self, Error> {
        let needs = Needs::new(writer.btf)?;
        Ok(Self { writer, out, needs, frames: Vec::new(), form: Form::Start })
    }

    fn btf(&self) -> &'a Btf {
        self.writer.btf
    }

    /// Writes the definition of a struct, union, enum or typedef, and what it needs before
    /// it; for all other types what they need.
    pub fn define(&mut self, id: TypeId) -> Result<(), Error> {
        let ty = self.btf().ty_unnamed(id)?;
        let is_definition = ty.is_composite() || ty.is_enum() || ty.kind() == Kind::Typedef;
        if is_definition {
            return self.meet(Need::Definition(id));
        }
        self.needs.find(id)?;
        let needs = std::mem::take(&mut self.needs.list);
        for &need in &needs {
            self.meet(need)?;
        }
        needs.iter().try_for_each(|&need| self.declare(need))
    }

    /// Begins lines of this form, behind a blank one unless they continue others.
    pub fn begin(&mut self, form: Form) {
        let goes_on = self.form == form && form != Form::Body;
        if self.form != Form::Start && !goes_on {
            self.writer.text.push('\n');
        }
        self.form = form;
    }

    /// Hands the text on once there is enough of it.
    pub fn flush(&mut self, least: usize) -> Result<(), Error> {
        if self.writer.text.len() > least {
            self.out.write_str(&self.writer.text).map_err(|_| Error::Output)?;
            self.writer.taken += self.writer.text.len();
            self.writer.text.clear();
        }
        Ok(())
    }

    fn set(&mut self, id: TypeId, state: State) {
        if let Some(slot) = self.needs.states.get_mut(id.0 as usize) {
            *slot = state;
        }
    }

    fn meet(&mut self, need: Need) -> Result<(), Error> {
        self.open(need)?;
        while let Some(frame) = self.frames.last_mut() {
            let next = self.needs.list.get(frame.next).copied();
            frame.next += 1;
            if let Some(need) = next {
                self.open(need)?;
            } else {
                self.close()?;
            }
        }
        Ok(())
    }

    /// Begins with a type, unless it is written or only its name is needed.
    fn open(&mut self, need: Need) -> Result<(), Error> {
        let Need::Definition(id) = need else { return Ok(()) };
        let id = self.writer.catalog.printed(id);
        match self.needs.state(id) {
            State::Done => return Ok(()),
            State::Open | State::OpenDeclared => return Err(Error::Circle { id }),
            State::New => self.set(id, State::Open),
            State::Declared => self.set(id, State::OpenDeclared),
        }
        let first = self.needs.list.len();
        self.frames.push(Frame { id, first, next: first });
        self.needs.find(id)
    }

    /// Writes the type whose needs are met.
    fn close(&mut self) -> Result<(), Error> {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        for at in frame.first..self.needs.list.len() {
            if let Some(&need) = self.needs.list.get(at) {
                self.declare(need)?;
            }
        }
        self.needs.list.truncate(frame.first);
        self.set(frame.id, State::Done);
        let ty = self.btf().ty(frame.id)?;
        self.begin(match ty.kind() {
            Kind::Typedef => Form::Typedef,
            Kind::Fwd => Form::Forward,
            _ => Form::Body,
        });
        let guarded = self.guard(&ty);
        self.writer.definition(&ty)?;
        self.writer.text.push_str(";\n");
        if guarded {
            self.writer.text.push_str("#endif\n");
        }
        self.flush(CHUNK)
    }

    /// Begins a condition around what newer C has words of its own for.
    fn guard(&mut self, ty: &Type<'a>) -> bool {
        let is_new = if ty.kind() == Kind::Typedef {
            is_new_keyword(ty.name())
        } else {
            // Enums of truth values have nothing else in them.
            let mut values = ty.enumerators().take(2);
            values.any(|value| value.is_ok_and(|value| is_new_keyword(value.name)))
        };
        if is_new {
            self.writer.text.push_str(OLD_C);
        }
        is_new
    }

    /// Writes a forward declaration unless there is one, or the definition.
    fn declare(&mut self, need: Need) -> Result<(), Error> {
        let Need::Declaration(id) = need else { return Ok(()) };
        match self.needs.state(id) {
            State::New => self.set(id, State::Declared),
            State::Open => self.set(id, State::OpenDeclared),
            State::Declared | State::OpenDeclared | State::Done => return Ok(()),
        }
        let ty = self.btf().ty(id)?;
        self.begin(Form::Forward);
        self.writer.text.push_str(keyword(&ty));
        self.writer.text.push(' ');
        self.writer.type_name(&ty);
        self.writer.text.push_str(";\n");
        Ok(())
    }
}
