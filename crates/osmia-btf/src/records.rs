//! Where each record of a type section begins.

use crate::endian::Endian;
use crate::error::Error;
use crate::id::TypeId;
use crate::kind::Kind;

/// The bytes that every record begins with: name, info, size or type.
pub(crate) const HEAD: usize = 12;

/// Kind numbers have 7 bits.
const KINDS: usize = 128;

/// What follows the head of a record: a fixed part, and a part for each element.
#[derive(Clone, Copy, Debug, Default)]
struct Tail {
    known: bool,
    fixed: u8,
    each: u8,
}

/// The sizes of records by kind: those that we know, and those that the blob's layout
/// section tells of others.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    tails: [Tail; KINDS],
}

impl Layout {
    /// Reads the layout section: for each kind the size of what follows the head,
    /// the size of an element, and two bytes of flags.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut tails = [Tail::default(); KINDS];
        for (raw, tail) in (0..).zip(&mut tails) {
            let told = bytes.chunks_exact(4).nth(usize::from(raw));
            *tail = match (Kind::from_raw(raw).tail(), told) {
                (Some((fixed, each)), _) => Tail { known: true, fixed, each },
                // No record has the kind 0.
                (None, Some([fixed, each, ..])) if raw != 0 => {
                    Tail { known: true, fixed: *fixed, each: *each }
                }
                _ => Tail::default(),
            };
        }
        Self { tails }
    }
}

/// A record's `info` word, taken apart.
#[derive(Clone, Copy)]
pub(crate) struct Info {
    pub kind: Kind,
    pub vlen: u32,
    pub flag: bool,
}

impl Info {
    /// 24 bits of count (16 before Linux 7.1), 7 of kind (5), and the kind flag.
    #[inline]
    pub fn of(word: u32) -> Self {
        Self {
            kind: Kind::from_raw((word >> 24) as u8 & 0x7f),
            vlen: word & 0x00ff_ffff,
            flag: word >> 31 != 0,
        }
    }
}

/// The records of a type section in the order of the file.
#[derive(Clone)]
pub(crate) struct Records<'a> {
    types: &'a [u8],
    endian: Endian,
    layout: &'a Layout,
    next_id: u32,
    offset: usize,
}

/// A record's place, not yet decoded.
pub(crate) struct Record<'a> {
    pub id: TypeId,
    pub offset: u32,
    pub info: Info,
    /// Head and tail.
    pub bytes: &'a [u8],
}

impl<'a> Records<'a> {
    /// The records of `types`, the first one having the id `first`.
    pub fn new(types: &'a [u8], endian: Endian, layout: &'a Layout, first: u32) -> Self {
        Self { types, endian, layout, next_id: first, offset: 0 }
    }

    /// The next record; `None` at the end.
    #[inline]
    pub fn next_record(&mut self) -> Result<Option<Record<'a>>, Error> {
        let offset = self.offset;
        let rest = self.types.get(offset..).unwrap_or_default();
        let Some(&[_, _, _, _, a, b, c, d]) = rest.first_chunk() else {
            return if rest.is_empty() { Ok(None) } else { Err(self.overrun(0)) };
        };
        let word = self.endian.u32([a, b, c, d]);
        let tail = self.layout.tails.get((word >> 24) as usize % KINDS);
        let Some(tail) = tail.filter(|tail| tail.known) else {
            let kind = (word >> 24) as u8 & 0x7f;
            return Err(Error::UnknownKind {
                id: TypeId(self.next_id),
                offset: offset as u32,
                kind,
            });
        };
        let vlen = (word & 0x00ff_ffff) as usize;
        let len = HEAD + usize::from(tail.fixed) + usize::from(tail.each) * vlen;
        let bytes = rest.get(..len).ok_or_else(|| self.overrun(word))?;
        let id = TypeId(self.next_id);
        self.offset = offset + len;
        self.next_id = self.next_id.wrapping_add(1);
        Ok(Some(Record { id, offset: offset as u32, info: Info::of(word), bytes }))
    }

    #[cold]
    fn overrun(&self, word: u32) -> Error {
        let info = Info::of(word);
        Error::Record {
            id: TypeId(self.next_id),
            offset: self.offset as u32,
            kind: info.kind,
            vlen: info.vlen,
            len: self.types.len() as u32,
        }
    }
}

/// The offset of each record.
pub(crate) fn offsets(mut records: Records<'_>) -> Result<Vec<u32>, Error> {
    // Kernel BTF has some 25 bytes per record; a first guess that seldom grows.
    let mut offsets = Vec::with_capacity(records.types.len() / 24);
    while let Some(record) = records.next_record()? {
        offsets.push(record.offset);
    }
    Ok(offsets)
}
