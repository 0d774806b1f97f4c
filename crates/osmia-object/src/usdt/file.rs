//! The marks of a program or library.

use object::read::elf::{ElfFile64, FileHeader as _};
use object::{Endianness, Object as _, ObjectSection as _, SegmentFlags, elf};
use osmia_btf::Endian;

use crate::usdt::argument::Machine;
use crate::usdt::error::UsdtError;
use crate::usdt::note::{Note, Notes};

/// The section in which marks are told.
const NOTES: &str = ".note.stapsdt";
/// An empty section: where it is tells how far addresses were moved after the notes were written.
const BASE: &str = ".stapsdt.base";

/// The marks of a program or library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsdtFile {
    /// What its code is for.
    pub machine: Machine,
    /// Whether it runs at the addresses that it tells, as programs do that are not position-independent.
    pub is_fixed: bool,
    /// Whether it has a section for marks.
    pub has_notes: bool,
    /// Its marks, in the order of their notes; one may be at several places.
    pub probes: Vec<UsdtProbe>,
}

/// A mark at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsdtProbe {
    /// Whose it is, such as `libc`.
    pub provider: String,
    /// Its name among its provider's.
    pub name: String,
    /// Where its arguments are, as the assembler says it; [`Argument::parse_all`](super::Argument::parse_all)
    /// reads that.
    pub arguments: String,
    /// The instruction.
    pub place: Place,
    /// A count of the mark's users, which the program looks at: two bytes.
    pub semaphore: Option<Place>,
}

/// A place in a program or library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its address, before the file is moved to where it runs.
    pub address: u64,
    /// Where it is in the file; none if nothing of the file is mapped there.
    pub offset: Option<u64>,
}

/// A part of the file that is mapped.
struct Segment {
    address: u64,
    len: u64,
    offset: u64,
    runs: bool,
}

impl UsdtFile {
    /// Reads a program's or library's marks.
    ///
    /// # Errors
    /// The bytes are no 64-bit ELF file, or a note is broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, UsdtError> {
        let malformed = |error: object::Error| UsdtError::Elf(error.to_string());
        let file = ElfFile64::<Endianness>::parse(bytes).map_err(malformed)?;
        let machine = match file.elf_header().e_machine(file.endian()) {
            elf::EM_X86_64 => Machine::X86_64,
            elf::EM_AARCH64 => Machine::Aarch64,
            other => Machine::Other(other),
        };
        let is_fixed = file.elf_header().e_type(file.endian()) == elf::ET_EXEC;
        let section = file.section_by_name(NOTES);
        let has_notes = section.is_some();
        let notes = match section {
            Some(section) => section.data().map_err(malformed)?,
            None => &[],
        };
        let base = file.section_by_name(BASE).map(|section| section.address());
        let segments: Vec<Segment> = file.segments().map(|segment| Segment::of(&segment)).collect();
        let endian = if file.is_little_endian() { Endian::Little } else { Endian::Big };
        let mut probes = Vec::new();
        for note in Notes::new(notes, endian) {
            probes.push(probe(&note?, base, &segments));
        }
        Ok(Self { machine, is_fixed, has_notes, probes })
    }
}

impl Segment {
    fn of<'a>(segment: &impl object::ObjectSegment<'a>) -> Self {
        let (offset, len) = segment.file_range();
        let flags = match segment.flags() {
            SegmentFlags::Elf { p_flags } => p_flags,
            _ => 0,
        };
        Self { address: segment.address(), len, offset, runs: flags & elf::PF_X != 0 }
    }

    /// Where an address is in the file.
    fn place(&self, address: u64) -> Option<u64> {
        let inside = address.checked_sub(self.address).filter(|inside| *inside < self.len)?;
        self.offset.checked_add(inside)
    }
}

fn probe(note: &Note<'_>, base: Option<u64>, segments: &[Segment]) -> UsdtProbe {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    // Linkers that move sections afterwards do not know of addresses in notes.
    let moved = base.filter(|_| note.base != 0).map_or(0, |base| base.wrapping_sub(note.base));
    let place = |address: u64, runs: bool| {
        let address = address.wrapping_add(moved);
        let mut fit = segments.iter().filter(|segment| segment.runs || !runs);
        Place { address, offset: fit.find_map(|segment| segment.place(address)) }
    };
    UsdtProbe {
        provider: text(note.provider),
        name: text(note.name),
        arguments: text(note.arguments),
        place: place(note.address, true),
        semaphore: (note.semaphore != 0).then(|| place(note.semaphore, false)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, Segment, probe};
    use crate::usdt::note::Note;

    fn note(base: u64) -> Note<'static> {
        let (provider, name, arguments) = (b"osmia", b"kinds", b"8@%rax");
        Note { address: 0x1010, base, semaphore: 0x3002, provider, name, arguments }
    }

    #[test]
    fn addresses_are_moved_with_the_section_that_tells_how_far() {
        let segments = [
            Segment { address: 0x1000, len: 0x1000, offset: 0x400, runs: true },
            Segment { address: 0x3000, len: 0x10, offset: 0x1400, runs: false },
        ];
        let place = |address, offset| Place { address, offset };
        let found = probe(&note(0x2000), Some(0x2000), &segments);
        assert_eq!(found.place, place(0x1010, Some(0x410)));
        assert_eq!(found.semaphore, Some(place(0x3002, Some(0x1402))));
        let moved = probe(&note(0x2000), Some(0x2008), &segments);
        assert_eq!(moved.place, place(0x1018, Some(0x418)));
        assert_eq!(moved.semaphore, Some(place(0x300a, Some(0x140a))));
        let back = probe(&note(0x2008), Some(0x2000), &segments);
        assert_eq!(back.place, place(0x1008, Some(0x408)));
        for (note, base) in [(note(0), Some(0x2008)), (note(0x2000), None)] {
            assert_eq!(probe(&note, base, &segments), found);
        }
        let outside = probe(&note(0x2000), Some(0x9000), &segments);
        assert_eq!(outside.place, place(0x8010, None));
    }
}
