//! The bytes of ELF files of which some parts are needed.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use bytes::Bytes;
use object::Endianness;
use object::elf::{FileHeader64, SectionHeader64};
use object::read::elf::{FileHeader as _, SectionHeader as _, SectionTable};

type Header = FileHeader64<Endianness>;

/// No object file is larger, and no program or library.
const LARGEST: u64 = 1 << 30;
const LARGEST_EXECUTABLE: u64 = 1 << 32;
/// A smaller file is read whole, which costs less than finding out what to leave out.
const SMALL: usize = 16 * 1024;
/// Parts with a smaller gap between them are read as one.
const GAP: usize = 4096;

/// Reads an object file but for sections that loading has no use for; their bytes are zeros, whose
/// pages nobody touches. Compilers put many times as much debug information into an object as
/// there is of all else.
pub(crate) fn read(path: &Path) -> io::Result<Bytes> {
    read_sections(path, LARGEST, |name| !is_for_debuggers(name)).map(Bytes::from)
}

/// Reads the headers of a program or library, and those of its sections that are wanted by their names; all else is zeros,
/// whose pages nobody touches.
pub(crate) fn read_executable(path: &Path, wanted: impl Fn(&[u8]) -> bool) -> io::Result<Vec<u8>> {
    read_sections(path, LARGEST_EXECUTABLE, wanted)
}

fn read_sections(path: &Path, largest: u64, wanted: impl Fn(&[u8]) -> bool) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let len = file.metadata()?.len();
    if len > largest {
        let why = format!("{len} bytes are too many for such a file");
        return Err(io::Error::new(io::ErrorKind::InvalidData, why));
    }
    let mut sparse = Sparse { file, bytes: vec![0; usize::try_from(len).unwrap_or(0)] };
    let parts = if sparse.bytes.len() > SMALL { sparse.parts(wanted)? } else { None };
    match parts {
        Some(parts) => joined(parts).into_iter().try_for_each(|part| sparse.fill(part))?,
        // Whatever it is, whoever parses it says what is wrong.
        None => sparse.fill(0..sparse.bytes.len())?,
    }
    Ok(sparse.bytes)
}

/// A file of which some parts are read.
struct Sparse {
    file: File,
    bytes: Vec<u8>,
}

impl Sparse {
    /// The parts that have to be read; `None` if the file is not what it should be.
    fn parts(&mut self, wanted: impl Fn(&[u8]) -> bool) -> io::Result<Option<Vec<Range<usize>>>> {
        self.fill(0..size_of::<Header>())?;
        let (Some(table), Some(segments)) = (self.table(), self.segments()) else {
            return Ok(None);
        };
        self.fill(table)?;
        self.fill(segments)?;
        let Some(names) = self.names() else { return Ok(None) };
        self.fill(names)?;
        Ok(self.of_use(wanted))
    }

    fn fill(&mut self, part: Range<usize>) -> io::Result<()> {
        let at = part.start as u64;
        match self.bytes.get_mut(part) {
            Some(bytes) => self.file.read_exact_at(bytes, at),
            None => Ok(()),
        }
    }

    fn header(&self) -> Option<(&Header, Endianness)> {
        let header = Header::parse(&*self.bytes).ok()?;
        Some((header, header.endian().ok()?))
    }

    /// Where the headers of sections are.
    fn table(&self) -> Option<Range<usize>> {
        let (header, order) = self.header()?;
        let len =
            usize::from(header.e_shentsize.get(order)) * usize::from(header.e_shnum.get(order));
        let start = usize::try_from(header.e_shoff.get(order)).ok()?;
        Some(start..start.checked_add(len)?)
    }

    /// Where the headers of segments are.
    fn segments(&self) -> Option<Range<usize>> {
        let (header, order) = self.header()?;
        let len =
            usize::from(header.e_phentsize.get(order)) * usize::from(header.e_phnum.get(order));
        let start = usize::try_from(header.e_phoff.get(order)).ok()?;
        Some(start..start.checked_add(len)?)
    }

    /// Where the names of sections are.
    fn names(&self) -> Option<Range<usize>> {
        let (header, order) = self.header()?;
        let sections = header.section_headers(order, &*self.bytes).ok()?;
        let names = header.shstrndx(order, &*self.bytes).ok()?;
        range(sections.get(names as usize)?, order)
    }

    fn of_use(&self, wanted: impl Fn(&[u8]) -> bool) -> Option<Vec<Range<usize>>> {
        let (header, order) = self.header()?;
        let sections: SectionTable<'_, Header> = header.sections(order, &*self.bytes).ok()?;
        let mut parts = Vec::new();
        for section in sections.iter() {
            let name = sections.section_name(order, section).ok()?;
            if wanted(name) && section.file_range(order).is_some() {
                parts.push(range(section, order)?);
            }
        }
        Some(parts)
    }
}

fn range(section: &SectionHeader64<Endianness>, order: Endianness) -> Option<Range<usize>> {
    let (start, len) = section.file_range(order)?;
    let start = usize::try_from(start).ok()?;
    Some(start..start.checked_add(usize::try_from(len).ok()?)?)
}

/// DWARF, and relocations of what needs none.
fn is_for_debuggers(name: &[u8]) -> bool {
    let target = name.strip_prefix(b".rela").or(name.strip_prefix(b".rel"));
    match target {
        Some(target) => target.starts_with(b".debug_") || target.starts_with(b".BTF"),
        None => name.starts_with(b".debug_"),
    }
}

/// The same parts in order, those near to each other as one.
fn joined(mut parts: Vec<Range<usize>>) -> Vec<Range<usize>> {
    parts.sort_by_key(|part| part.start);
    let mut joined: Vec<Range<usize>> = Vec::new();
    for part in parts {
        match joined.last_mut() {
            Some(last) if part.start <= last.end.saturating_add(GAP) => {
                last.end = last.end.max(part.end);
            }
            _ => joined.push(part),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use object::{Object as _, ObjectSection as _, ObjectSegment as _};
    use osmia_object::ObjectSpec;
    use osmia_testkit::fixture::Fixture;

    use super::{joined, read, read_executable};

    #[test]
    fn near_parts_are_read_as_one() {
        let parts = vec![9000..9100, 0..64, 64..80, 20_000..20_001];
        assert_eq!(joined(parts), [0..80, 9000..9100, 20_000..20_001]);
    }

    #[test]
    fn nothing_that_matters_is_left_out() {
        let Some(path) = Fixture::new("core_program").path() else { return };
        let whole = std::fs::read(&path).unwrap();
        let sparse = read(&path).unwrap();
        assert_eq!(sparse.len(), whole.len());
        assert!(sparse[..] != whole[..], "there was no debug information to leave out");
        let spec = |bytes| format!("{:?}", ObjectSpec::parse("small", bytes).unwrap());
        assert_eq!(spec(sparse), spec(whole.into()));
    }

    #[test]
    fn of_a_program_its_headers_and_some_sections_are_read() {
        let path = std::env::current_exe().unwrap();
        let file = std::fs::read(&path).unwrap();
        let some = read_executable(&path, |name| name == b".comment").unwrap();
        assert_eq!(some.len(), file.len());
        let read =
            some.iter().zip(&file).filter(|(some, file)| some == file && **some != 0).count();
        assert!(read < file.len() / 10, "{read} of {} bytes", file.len());
        let (some, whole) =
            (object::File::parse(&*some).unwrap(), object::File::parse(&*file).unwrap());
        let data = |file: &object::File<'_>, name: &str| {
            file.section_by_name(name).unwrap().data().unwrap().to_vec()
        };
        assert_eq!(data(&some, ".comment"), data(&whole, ".comment"));
        assert!(data(&some, ".text").iter().all(|byte| *byte == 0));
        let segments = |file: &object::File<'_>| -> Vec<(u64, u64)> {
            file.segments().map(|segment| (segment.address(), segment.size())).collect()
        };
        assert_eq!(segments(&some), segments(&whole));
    }

    #[test]
    fn files_of_other_kinds_are_read_whole() {
        let path = std::env::temp_dir().join(format!("osmia-bytes-{}", std::process::id()));
        for bytes in [b"".as_slice(), b"int main() {}", &[0x7f; 100], b"\x7fELF\x02\x01\x01\0"] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(read(&path).unwrap(), bytes);
        }
        std::fs::remove_file(&path).unwrap();
    }
}
