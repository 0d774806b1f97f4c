//! Where each record of a type section begins.

use crate::endian::Endian;
use crate::error::Error;
use crate::id::TypeId;
use crate::kind::Kind;

/// The bytes that every record begins with: name, info, size or type.
pub(crate) const HEAD: usize = 12;

/// The sizes of the records of kinds that this version does not know, as the
/// blob's layout section tells them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    /// By kind: bytes after the head, bytes per element.
    tails: Vec<(usize, usize)>,
}

impl Layout {
    /// Reads the layout section: for each kind the size of what follows the head,
    /// the size of an element, and two bytes of flags.
    pub fn parse(bytes: &[u8]) -> Self {
        let entry = |e: &[u8]| match e {
            [info, elem, ..] => (usize::from(*info), usize::from(*elem)),
            _ => (0, 0),
        };
        // Kind numbers have 7 bits.
        Self { tails: bytes.chunks_exact(4).take(128).map(entry).collect() }
    }

    fn tail(&self, kind: Kind) -> Option<(usize, usize)> {
        kind.tail().or_else(|| self.tails.get(usize::from(kind.raw())).copied())
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

/// The offset of each record in `types`, the first one having the id `first`.
pub(crate) fn offsets(
    types: &[u8],
    endian: Endian,
    layout: &Layout,
    first: u32,
) -> Result<Vec<u32>, Error> {
    // Kernel BTF has some 25 bytes per record; a first guess that seldom grows.
    let mut offsets = Vec::with_capacity(types.len() / 24);
    let mut rest = types;
    while !rest.is_empty() {
        let offset = (types.len() - rest.len()) as u32;
        let id = TypeId(first.wrapping_add(offsets.len() as u32));
        let overrun = |info: Info| Error::Record {
            id,
            offset,
            kind: info.kind,
            vlen: info.vlen,
            len: types.len() as u32,
        };
        let Some((head, tail)) = rest.split_first_chunk::<HEAD>() else {
            return Err(overrun(Info { kind: Kind::Void, vlen: 0, flag: false }));
        };
        let [_, _, _, _, a, b, c, d, ..] = *head;
        let info = Info::of(endian.u32([a, b, c, d]));
        let Some((fixed, each)) = layout.tail(info.kind) else {
            return Err(Error::UnknownKind { id, offset, kind: info.kind.raw() });
        };
        rest = tail.get(fixed + each * info.vlen as usize..).ok_or_else(|| overrun(info))?;
        offsets.push(offset);
    }
    Ok(offsets)
}
