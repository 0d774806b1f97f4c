//! Changes to types that a builder has.

use crate::builder::Builder;
use crate::error::Error;
use crate::id::TypeId;
use crate::kind::Kind;
use crate::records::Info;
use crate::ty::{Linkage, SectionVar};
use crate::words::Word;

/// The words of a record's head.
const NAME: usize = 0;
const INFO: usize = 1;
const WORD: usize = 2;
/// The first word behind it.
const TAIL: usize = 3;

/// Changing types. None of these changes a type's id.
impl Builder {
    /// Makes a pointer, typedef, qualifier, variable, function, prototype or tag refer to
    /// another type.
    ///
    /// # Errors
    /// The builder has no such type of its own, or the type refers to none.
    pub fn set_target(&mut self, id: TypeId, target: TypeId) -> Result<(), Error> {
        let kind = self.info(id)?.kind;
        if !kind.refers() {
            return Err(Error::Invalid { id, kind, problem: "does not refer to another type" });
        }
        self.set_word(id, WORD, target.0)
    }

    /// Gives a type another name.
    ///
    /// # Errors
    /// The builder has no such type of its own, or the name has a NUL in it.
    pub fn rename(&mut self, id: TypeId, name: &str) -> Result<(), Error> {
        let name = self.string(name)?;
        self.set_word(id, NAME, name.0)
    }

    /// Gives a member, an enumerator or a parameter another name; `at` is its number.
    ///
    /// # Errors
    /// The builder has no such type of its own, it has no such element or none with names, or
    /// the name has a NUL in it.
    pub fn rename_element(&mut self, id: TypeId, at: usize, name: &str) -> Result<(), Error> {
        let Info { kind, vlen, .. } = self.info(id)?;
        let words = kind.words().unwrap_or_default();
        if words.first() != Some(&Word::Name) || at >= vlen as usize {
            return Err(Error::Invalid { id, kind, problem: "has no such element with a name" });
        }
        let name = self.string(name)?;
        self.set_word(id, TAIL + at * words.len(), name.0)
    }

    /// Changes who sees a function or variable.
    ///
    /// # Errors
    /// The builder has no such type of its own, or it is neither of them.
    pub fn set_linkage(&mut self, id: TypeId, linkage: Linkage) -> Result<(), Error> {
        match self.info(id)?.kind {
            Kind::Func => self.set_info(id, Kind::Func, linkage.raw(), false),
            Kind::Var => self.set_word(id, TAIL, linkage.raw()),
            kind => {
                Err(Error::Invalid { id, kind, problem: "is neither a function nor a variable" })
            }
        }
    }

    /// Sets a data section's size and the places of its variables, which compilers leave
    /// open. The kernel wants the variables in the order of their offsets, and gets them so.
    /// Variables may be left out.
    ///
    /// # Errors
    /// The builder has no such type of its own, it is no data section, or it has fewer
    /// variables.
    pub fn set_section(&mut self, id: TypeId, size: u32, vars: &[SectionVar]) -> Result<(), Error> {
        let Info { kind, vlen, .. } = self.info(id)?;
        if kind != Kind::DataSec {
            return Err(Error::Invalid { id, kind, problem: "is no data section" });
        }
        let left_out = (vlen as usize).checked_sub(vars.len());
        let Some(left_out) = left_out else {
            return Err(Error::Invalid { id, kind, problem: "has fewer variables" });
        };
        if left_out > 0 {
            self.shorten(id, left_out * 3 * 4)?;
            self.set_info(id, kind, vars.len() as u32, false)?;
        }
        let mut vars = vars.to_vec();
        vars.sort_by_key(|var| var.offset);
        self.set_word(id, WORD, size)?;
        for (at, var) in vars.iter().enumerate() {
            self.set_word(id, TAIL + at * 3, var.var.0)?;
            self.set_word(id, TAIL + at * 3 + 1, var.offset)?;
            self.set_word(id, TAIL + at * 3 + 2, var.size)?;
        }
        Ok(())
    }

    /// The kind and count of an own type.
    pub(crate) fn info(&mut self, id: TypeId) -> Result<Info, Error> {
        self.word(id, INFO).map(Info::of)
    }

    pub(crate) fn word(&mut self, id: TypeId, at: usize) -> Result<u32, Error> {
        let endian = self.endian;
        let record = self.record(id)?;
        endian.u32_at(record, at * 4).ok_or(cut_off(id))
    }

    pub(crate) fn set_word(&mut self, id: TypeId, at: usize, word: u32) -> Result<(), Error> {
        let bytes = self.endian.u32_bytes(word);
        let slot = self.record(id)?.get_mut(at * 4..at * 4 + 4).ok_or(cut_off(id))?;
        slot.copy_from_slice(&bytes);
        Ok(())
    }

    pub(crate) fn set_info(
        &mut self,
        id: TypeId,
        kind: Kind,
        vlen: u32,
        flag: bool,
    ) -> Result<(), Error> {
        let info = u32::from(flag) << 31 | u32::from(kind.raw()) << 24 | vlen;
        self.set_word(id, INFO, info)
    }
}

fn cut_off(id: TypeId) -> Error {
    Error::Invalid { id, kind: Kind::Void, problem: "the record is cut off" }
}
