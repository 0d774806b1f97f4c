//! The head of a BTF blob: where its sections are.

use std::ops::Range;

use crate::endian::Endian;
use crate::error::Error;

/// The size of the header before 2026; later ones are longer.
const MIN_LEN: usize = 24;
/// The size of a header with the place of the layout section.
const WITH_LAYOUT: usize = 32;

/// The place of each section, as ranges of the whole blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub endian: Endian,
    pub types: Range<usize>,
    pub strings: Range<usize>,
    /// How records of each kind are laid out (since Linux 7.1); empty if absent.
    pub layout: Range<usize>,
}

impl Header {
    /// Reads the header and checks that each section lies within `bytes`.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let head: &[u8; MIN_LEN] = bytes.first_chunk().ok_or_else(|| truncated_head(bytes))?;
        let endian = match head {
            [0x9f, 0xeb, ..] => Endian::Little,
            [0xeb, 0x9f, ..] => Endian::Big,
            [a, b, ..] => return Err(Error::Magic { found: u16::from_le_bytes([*a, *b]) }),
        };
        let [_, _, version, ..] = *head;
        if version != 1 {
            return Err(Error::Version(version));
        }
        let word = |at: usize| endian.u32_at(bytes, at).unwrap_or(0);
        let header_len = word(4) as usize;
        if header_len < MIN_LEN || header_len > bytes.len() {
            let end = header_len.max(MIN_LEN) as u64;
            return Err(Error::Truncated {
                what: "header",
                start: 0,
                end,
                len: bytes.len() as u64,
            });
        }
        let section = |what, offset: u32, len: u32| {
            let start = header_len as u64 + u64::from(offset);
            let end = start + u64::from(len);
            if end > bytes.len() as u64 {
                return Err(Error::Truncated { what, start, end, len: bytes.len() as u64 });
            }
            Ok(start as usize..end as usize)
        };
        let layout = if header_len >= WITH_LAYOUT {
            section("layout section", word(24), word(28))?
        } else {
            0..0
        };
        Ok(Self {
            endian,
            types: section("type section", word(8), word(12))?,
            strings: section("string section", word(16), word(20))?,
            layout,
        })
    }
}

/// The error for fewer bytes than any header has: not BTF at all, or cut off.
fn truncated_head(bytes: &[u8]) -> Error {
    match bytes {
        [a, b, ..] if !matches!((a, b), (0x9f, 0xeb) | (0xeb, 0x9f)) => {
            Error::Magic { found: u16::from_le_bytes([*a, *b]) }
        }
        _ => Error::Truncated {
            what: "header",
            start: 0,
            end: MIN_LEN as u64,
            len: bytes.len() as u64,
        },
    }
}
