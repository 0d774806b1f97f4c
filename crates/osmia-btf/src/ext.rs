//! `.BTF.ext`: what an object says of its instructions.

use std::ops::Range;

use bytes::Bytes;

use crate::btf::Btf;
use crate::endian::Endian;
use crate::error::Error;
use crate::id::{StrOff, TypeId};

/// The records that belong to an object's code: which type a function has, which
/// source line an instruction is of, which instructions CO-RE must adjust.
///
/// Records are grouped by ELF section and decoded on demand; instruction offsets are
/// bytes from the start of that section.
#[derive(Clone, Debug)]
pub struct BtfExt {
    bytes: Bytes,
    endian: Endian,
    funcs: Range<usize>,
    lines: Range<usize>,
    relocations: Range<usize>,
}

/// An instruction's place: bytes from the start of its ELF section.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InsnOffset(pub u32);

/// A function's first instruction and its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FuncInfo {
    /// Its first instruction.
    pub insn: InsnOffset,
    /// Its type ([`Kind::Func`](crate::Kind::Func)).
    pub ty: TypeId,
}

/// The source line of an instruction and of those behind it, up to the next record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineInfo {
    /// The instruction.
    pub insn: InsnOffset,
    /// The source file's name.
    pub file: StrOff,
    /// The line's text.
    pub text: StrOff,
    /// The line's number, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

/// An instruction that depends on the target's types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoreRecord {
    /// The instruction.
    pub insn: InsnOffset,
    /// The type that the access begins with, in the object's BTF.
    pub ty: TypeId,
    /// The access path (`"0:1:2"`) or an enumerator's index, as text.
    pub access: StrOff,
    /// What is asked, the kernel's `enum bpf_core_relo_kind`.
    pub kind: u32,
}

/// The records of one kind for one ELF section.
#[derive(Clone, Copy, Debug)]
pub struct SectionRecords<'a, R> {
    /// The ELF section's name.
    pub section: &'a str,
    records: &'a [u8],
    width: usize,
    endian: Endian,
    decode: fn(&[u8], Endian) -> Option<R>,
}

impl<'a, R> SectionRecords<'a, R> {
    /// The records in the order of the file, which compilers sort by instruction.
    pub fn iter(&self) -> impl Iterator<Item = R> + use<'a, R> {
        let (endian, decode) = (self.endian, self.decode);
        self.records.chunks_exact(self.width).filter_map(move |record| decode(record, endian))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.records.len() / self.width
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }
}

impl BtfExt {
    /// Opens the section's bytes.
    ///
    /// # Errors
    /// The header is wrong or a part lies outside of the bytes.
    pub fn parse(bytes: Bytes) -> Result<Self, Error> {
        let endian = match bytes.get(..2) {
            Some([0x9f, 0xeb]) => Endian::Little,
            Some([0xeb, 0x9f]) => Endian::Big,
            _ => return Err(Error::Ext { offset: 0, problem: "the magic number is missing" }),
        };
        if bytes.get(2) != Some(&1) {
            return Err(Error::Ext { offset: 2, problem: "the version is not 1" });
        }
        let word = |at: usize| {
            let cut_off = Error::Ext { offset: at, problem: "the header is cut off" };
            endian.u32_at(&bytes, at).ok_or(cut_off)
        };
        let header = word(4)? as usize;
        let part = |at: usize| -> Result<Range<usize>, Error> {
            if at + 8 > header {
                return Ok(0..0);
            }
            let start = header.checked_add(word(at)? as usize);
            let end = start.and_then(|start| start.checked_add(word(at + 4).ok()? as usize));
            match (start, end) {
                (Some(start), Some(end)) if end <= bytes.len() => Ok(start..end),
                _ => Err(Error::Ext { offset: at, problem: "a part lies outside of the section" }),
            }
        };
        let (funcs, lines, relocations) = (part(8)?, part(16)?, part(24)?);
        Ok(Self { bytes, endian, funcs, lines, relocations })
    }

    /// The types of functions.
    ///
    /// # Errors
    /// A group of records is cut off, or its section's name is not in `btf`.
    pub fn funcs<'a>(&'a self, btf: &'a Btf) -> Result<Vec<SectionRecords<'a, FuncInfo>>, Error> {
        let decode = |r: &[u8], endian: Endian| {
            let word = |at| endian.u32_at(r, at);
            Some(FuncInfo { insn: InsnOffset(word(0)?), ty: TypeId(word(4)?) })
        };
        self.sections(&self.funcs, btf, 8, decode)
    }

    /// The source lines of instructions.
    ///
    /// # Errors
    /// As for [`BtfExt::funcs`].
    pub fn lines<'a>(&'a self, btf: &'a Btf) -> Result<Vec<SectionRecords<'a, LineInfo>>, Error> {
        let decode = |r: &[u8], endian: Endian| {
            let word = |at| endian.u32_at(r, at);
            let place = word(12)?;
            Some(LineInfo {
                insn: InsnOffset(word(0)?),
                file: StrOff(word(4)?),
                text: StrOff(word(8)?),
                line: place >> 10,
                column: place & 0x3ff,
            })
        };
        self.sections(&self.lines, btf, 16, decode)
    }

    /// The instructions that CO-RE adjusts.
    ///
    /// # Errors
    /// As for [`BtfExt::funcs`].
    pub fn relocations<'a>(
        &'a self,
        btf: &'a Btf,
    ) -> Result<Vec<SectionRecords<'a, CoreRecord>>, Error> {
        let decode = |r: &[u8], endian: Endian| {
            let word = |at| endian.u32_at(r, at);
            Some(CoreRecord {
                insn: InsnOffset(word(0)?),
                ty: TypeId(word(4)?),
                access: StrOff(word(8)?),
                kind: word(12)?,
            })
        };
        self.sections(&self.relocations, btf, 16, decode)
    }

    /// Takes a part apart: the size of a record, then per ELF section its name, a
    /// count, and the records. Records may be longer than what we know of them.
    fn sections<'a, R>(
        &'a self,
        part: &Range<usize>,
        btf: &'a Btf,
        least: usize,
        decode: fn(&[u8], Endian) -> Option<R>,
    ) -> Result<Vec<SectionRecords<'a, R>>, Error> {
        let fail = |offset, problem| Error::Ext { offset, problem };
        let mut groups = Vec::new();
        if part.is_empty() {
            return Ok(groups);
        }
        let word = |at: usize| {
            let inside = at.checked_add(4).is_some_and(|end| end <= part.end);
            let value = inside.then(|| self.endian.u32_at(&self.bytes, at)).flatten();
            value.ok_or(fail(at, "a group of records is cut off"))
        };
        let width = word(part.start)? as usize;
        if width < least || width % 4 != 0 {
            return Err(fail(part.start, "the size of a record is impossible"));
        }
        let mut at = part.start + 4;
        while at < part.end {
            let (name, count) = (word(at)?, word(at + 4)? as usize);
            let section = btf
                .string(StrOff(name))
                .map_err(|_| fail(at, "the section's name is not among the BTF's strings"))?;
            let start = at + 8;
            let end = count.checked_mul(width).and_then(|len| start.checked_add(len));
            let end = end.filter(|&end| end <= part.end);
            let end = end.ok_or(fail(at + 4, "there are fewer records than counted"))?;
            let records = self.bytes.get(start..end).unwrap_or_default();
            groups.push(SectionRecords { section, records, width, endian: self.endian, decode });
            at = end;
        }
        Ok(groups)
    }
}
