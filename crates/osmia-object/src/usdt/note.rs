//! The notes that tell marks.

use osmia_btf::Endian;

use crate::usdt::error::UsdtError;

/// The owner of notes about marks.
const OWNER: &[u8] = b"stapsdt\0";
/// The type of such notes.
const MARK: u32 = 3;
/// The bytes in front of a note's owner.
const HEADER: usize = 12;

/// A mark as its note tells it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Note<'a> {
    pub(super) address: u64,
    /// Where the section `.stapsdt.base` was when the note was written.
    pub(super) base: u64,
    pub(super) semaphore: u64,
    pub(super) provider: &'a [u8],
    pub(super) name: &'a [u8],
    pub(super) arguments: &'a [u8],
}

/// The notes of a section.
pub(super) struct Notes<'a> {
    section: &'a [u8],
    at: usize,
    endian: Endian,
}

impl<'a> Notes<'a> {
    pub(super) fn new(section: &'a [u8], endian: Endian) -> Self {
        Self { section, at: 0, endian }
    }

    /// The next note, if it is a mark; and the bytes that it takes.
    fn read(&self) -> Result<(Option<Note<'a>>, usize), UsdtError> {
        let rest = self.section.get(self.at..).unwrap_or_default();
        let wrong = |problem| UsdtError::Note { offset: self.at, problem };
        let word =
            |at| self.endian.u32_at(rest, at).ok_or_else(|| wrong("its header is cut short"));
        let (owner_len, len, kind) = (word(0)? as usize, word(4)? as usize, word(8)?);
        let cut = || wrong("it is longer than the section");
        let owner_end = HEADER.checked_add(owner_len).ok_or_else(cut)?;
        let owner = rest.get(HEADER..owner_end).ok_or_else(cut)?;
        let start = owner_end.checked_next_multiple_of(4).ok_or_else(cut)?;
        let end = start.checked_add(len).ok_or_else(cut)?;
        let body = rest.get(start..end).ok_or_else(cut)?;
        let taken = end.checked_next_multiple_of(4).ok_or_else(cut)?;
        let is_mark = kind == MARK && owner == OWNER;
        let note = if is_mark { Some(self.mark(body)?) } else { None };
        Ok((note, taken))
    }

    fn mark(&self, body: &'a [u8]) -> Result<Note<'a>, UsdtError> {
        let wrong = |problem| UsdtError::Note { offset: self.at, problem };
        let address = |at: usize| {
            let bytes = body.get(at..).and_then(|rest| rest.first_chunk());
            bytes.map(|bytes| self.endian.u64(*bytes)).ok_or_else(|| wrong("it lacks an address"))
        };
        let mut texts = body.get(24..).unwrap_or_default();
        let mut text = || {
            let end = texts.iter().position(|byte| *byte == 0);
            let end = end.ok_or_else(|| wrong("it lacks its provider, name or arguments"))?;
            let (text, rest) = texts.split_at(end);
            texts = rest.get(1..).unwrap_or_default();
            Ok::<_, UsdtError>(text)
        };
        Ok(Note {
            address: address(0)?,
            base: address(8)?,
            semaphore: address(16)?,
            provider: text()?,
            name: text()?,
            arguments: text()?,
        })
    }
}

impl<'a> Iterator for Notes<'a> {
    type Item = Result<Note<'a>, UsdtError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.at < self.section.len() {
            match self.read() {
                Ok((note, taken)) => {
                    self.at = self.at.saturating_add(taken);
                    if let Some(note) = note {
                        return Some(Ok(note));
                    }
                }
                Err(error) => {
                    self.at = self.section.len();
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use osmia_btf::Endian;

    use super::{Note, Notes};
    use crate::usdt::error::UsdtError;

    fn note(kind: u32, owner: &[u8], body: &[u8]) -> Vec<u8> {
        let mut note = [owner.len() as u32, body.len() as u32, kind].map(u32::to_le_bytes).concat();
        for part in [owner, body] {
            note.extend(part);
            note.resize(note.len().next_multiple_of(4), 0);
        }
        note
    }

    fn mark() -> Vec<u8> {
        let addresses = [0x1234_u64, 0x5000, 0x6000].map(u64::to_le_bytes).concat();
        note(3, b"stapsdt\0", &[&addresses[..], b"libc\0setjmp\08@%rdi -4@%esi\0"].concat())
    }

    #[test]
    fn marks_are_found_among_other_notes() {
        let section = [note(1, b"GNU\0", &[7; 5]), mark(), note(3, b"other\0", &[0]), mark()];
        let expected = Note {
            address: 0x1234,
            base: 0x5000,
            semaphore: 0x6000,
            provider: b"libc",
            name: b"setjmp",
            arguments: b"8@%rdi -4@%esi",
        };
        let section = section.concat();
        let found: Vec<_> = Notes::new(&section, Endian::Little).map(Result::unwrap).collect();
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|note| *note == expected), "{found:?}");
    }

    #[test]
    fn notes_that_are_cut_short_say_so() {
        let whole = mark();
        for end in 1..whole.len() - 1 {
            let found: Vec<_> = Notes::new(&whole[..end], Endian::Little).collect();
            assert!(matches!(found[..], [Err(UsdtError::Note { offset: 0, .. })]), "{end}");
        }
        let empty = note(3, b"stapsdt\0", &[0; 20]);
        let found: Vec<_> = Notes::new(&empty, Endian::Little).collect();
        let problem = "it lacks an address";
        assert_eq!(found, [Err(UsdtError::Note { offset: 0, problem })]);
        assert_eq!(Notes::new(&[0xff; 40], Endian::Little).count(), 1);
    }
}
