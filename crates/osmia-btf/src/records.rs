//! The records of a type section, one behind the other.

use crate::endian::Endian;
use crate::error::Error;
use crate::id::{StrOff, TypeId};
use crate::kind::Kind;

/// The bytes that every record begins with: name, info, size or type.
pub(crate) const HEAD: usize = 12;

/// Kind numbers have 7 bits.
const KINDS: usize = 128;

/// The sizes of records by kind: those that we know, and those that the blob's layout
/// section tells of others.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// The bytes of the head and the fixed part in the lower half, those of an element in the
    /// upper one. 0 for kinds that are not known.
    sizes: [u32; KINDS],
}

impl Layout {
    /// Reads the layout section: for each kind the size of what follows the head,
    /// the size of an element, and two bytes of flags.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut sizes = [0; KINDS];
        for (raw, size) in (0..).zip(&mut sizes) {
            let told = bytes.chunks_exact(4).nth(usize::from(raw));
            let (fixed, each) = match (Kind::from_raw(raw).tail(), told) {
                (Some(tail), _) => tail,
                // No record has the kind 0.
                (None, Some([fixed, each, ..])) if raw != 0 => (*fixed, *each),
                _ => continue,
            };
            *size = (HEAD as u32 + u32::from(fixed)) | (u32::from(each) << 16);
        }
        Self { sizes }
    }

    /// The bytes of a record with this `info` word; 0 if its kind is not known.
    #[inline]
    fn len(&self, info: u32) -> usize {
        // There is a size for each kind that the bits can hold.
        let size = self.sizes.get((info >> 24) as usize % KINDS).copied().unwrap_or(0);
        let vlen = (info & 0x00ff_ffff) as usize;
        (size & 0xffff) as usize + (size >> 16) as usize * vlen
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
    pub name: StrOff,
    pub info: Info,
    /// Head and tail.
    pub bytes: &'a [u8],
}

impl<'a> Records<'a> {
    /// The records of `types`, the first one having the id `first`.
    pub fn new(types: &'a [u8], endian: Endian, layout: &'a Layout, first: u32) -> Self {
        Self { types, endian, layout, next_id: first, offset: 0 }
    }

    /// The same section from the record with this number and offset on.
    #[inline]
    pub fn from(self, number: u32, offset: u32) -> Self {
        let next_id = self.next_id.wrapping_add(number);
        Self { next_id, offset: offset as usize, ..self }
    }

    /// Steps over a record that is known to be sound.
    #[inline]
    pub fn pass(&mut self) -> Option<()> {
        let info = self.endian.u32_at(self.types, self.offset + 4)?;
        self.offset += self.layout.len(info);
        self.next_id = self.next_id.wrapping_add(1);
        Some(())
    }

    /// The next record; `None` at the end.
    #[inline]
    pub fn next_record(&mut self) -> Result<Option<Record<'a>>, Error> {
        let offset = self.offset;
        let rest = self.types.get(offset..).unwrap_or_default();
        let words = rest.split_first_chunk().and_then(|(name, rest)| {
            Some((self.endian.u32(*name), self.endian.u32(*rest.first_chunk()?)))
        });
        let Some((name, word)) = words else {
            return if rest.is_empty() { Ok(None) } else { Err(self.overrun(0)) };
        };
        let len = self.layout.len(word);
        if len == 0 {
            return Err(self.unknown(word));
        }
        let bytes = rest.get(..len).ok_or_else(|| self.overrun(word))?;
        let id = TypeId(self.next_id);
        self.offset = offset + len;
        self.next_id = self.next_id.wrapping_add(1);
        let (name, info) = (StrOff(name), Info::of(word));
        Ok(Some(Record { id, offset: offset as u32, name, info, bytes }))
    }

    /// Calls `see` with the offset and the name of each record from here on. More of it would not go through
    /// registers, which costs as much as the rest of the walk.
    #[inline]
    pub fn each(self, see: impl FnMut(u32, StrOff)) -> Result<(), Error> {
        // A loop for each byte order: its steps wait for each other, and would for the choice.
        match self.endian {
            Endian::Little => self.each_in::<true>(see),
            Endian::Big => self.each_in::<false>(see),
        }
    }

    #[inline]
    fn each_in<const LITTLE: bool>(
        mut self,
        mut see: impl FnMut(u32, StrOff),
    ) -> Result<(), Error> {
        let endian = if LITTLE { Endian::Little } else { Endian::Big };
        let mut rest = self.types.get(self.offset..).unwrap_or_default();
        while let Some(&[a, b, c, d, e, f, g, h]) = rest.first_chunk() {
            let len = self.layout.len(endian.u32([e, f, g, h]));
            let Some(behind) = rest.get(len..).filter(|_| len != 0) else { break };
            see((self.types.len() - rest.len()) as u32, StrOff(endian.u32([a, b, c, d])));
            self.next_id = self.next_id.wrapping_add(1);
            rest = behind;
        }
        // Where the records end, or one is broken: this tells which.
        self.offset = self.types.len() - rest.len();
        self.next_record().map(|_| ())
    }

    #[cold]
    fn unknown(&self, word: u32) -> Error {
        let kind = (word >> 24) as u8 & 0x7f;
        Error::UnknownKind { id: TypeId(self.next_id), offset: self.offset as u32, kind }
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

/// The records of a section that was walked through before, so that none of them is broken.
impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    #[inline]
    fn next(&mut self) -> Option<Record<'a>> {
        self.next_record().ok().flatten()
    }
}
