//! Places in programs and libraries.

use std::path::PathBuf;

use object::read::elf::ElfFile64;
use object::{Endianness, Object as _, ObjectSection as _};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;
use crate::link::executable::Executable;
use crate::link::library;
use crate::link::pattern::fits;
use crate::probes::{Probe, ProbeKind};

/// The section in which marks are told, and the owner of its notes.
const SECTION: &str = ".note.stapsdt";
const OWNER: &[u8] = b"stapsdt\0";
/// The number of notes that tell a mark.
const MARK: u32 = 3;

/// Functions: `PATH:PATTERN`, where a library may be named without its path.
pub(super) fn functions(kernel: &Kernel, pattern: &str) -> Result<Vec<Probe>, Error> {
    let (path, pattern) = taken_apart(kernel, pattern)?;
    let executable = Executable::open(&path)?;
    let mut names = executable.names()?;
    names.retain(|name| fits(pattern, name));
    let place = Some(path.display().to_string());
    let probe = |name: &str| Probe { place: place.clone(), ..Probe::new(ProbeKind::Uprobe, name) };
    Ok(names.into_iter().map(probe).collect())
}

/// Marks: `PATH:PATTERN`, of which the pattern may have a provider, `libc:malloc*`.
pub(super) fn marks(kernel: &Kernel, pattern: &str) -> Result<Vec<Probe>, Error> {
    let (path, pattern) = taken_apart(kernel, pattern)?;
    let read = std::fs::read(&path).map_err(|error| {
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            std::io::ErrorKind::PermissionDenied => ErrorKind::Permission,
            _ => ErrorKind::System,
        };
        Error::new(kind, format!("read {}", path.display())).caused_by(error)
    })?;
    let malformed = |error: object::Error| {
        let message = format!("read {} as a 64-bit ELF file", path.display());
        Error::new(ErrorKind::Malformed, message).caused_by(error)
    };
    let file = ElfFile64::<Endianness>::parse(&*read).map_err(malformed)?;
    let Some(section) = file.section_by_name(SECTION) else { return Ok(Vec::new()) };
    let notes = section.data().map_err(malformed)?;
    let place = Some(path.display().to_string());
    let mut found = Vec::new();
    for (name, fields) in parse(notes, file.is_little_endian()) {
        let bare = name.split_once(':').map_or(name.as_str(), |(_, name)| name);
        if fits(pattern, &name) || fits(pattern, bare) {
            found.push(Probe { place: place.clone(), fields, ..Probe::new(ProbeKind::Usdt, name) });
        }
    }
    Ok(found)
}

fn taken_apart<'p>(kernel: &Kernel, pattern: &'p str) -> Result<(PathBuf, &'p str), Error> {
    let (path, pattern) = pattern.split_once(':').unwrap_or((pattern, "*"));
    if path.is_empty() {
        return Err(Error::invalid(
            "a program or library is missing: `uprobe:/bin/bash:readline*`",
        ));
    }
    Ok((library::find(kernel, path)?, pattern))
}

/// The marks in notes, as `provider:name`, and their arguments.
fn parse(mut notes: &[u8], little: bool) -> Vec<(String, Vec<String>)> {
    let word = |bytes: &[u8], at: usize| -> Option<u32> {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    };
    let mut found = Vec::new();
    while let (Some(name_len), Some(len), Some(kind)) =
        (word(notes, 0), word(notes, 4), word(notes, 8))
    {
        let start = 12 + (name_len as usize).next_multiple_of(4);
        let end = start.saturating_add(len as usize);
        let (Some(owner), Some(body)) = (notes.get(12..start), notes.get(start..end)) else {
            break;
        };
        // Three addresses stand in front of provider, name and arguments.
        if kind == MARK && owner.starts_with(OWNER) {
            let mut texts = body.get(24..).unwrap_or_default().split(|byte| *byte == 0);
            let mut text = || texts.next().map(|text| String::from_utf8_lossy(text).into_owned());
            if let (Some(provider), Some(name)) = (text(), text()) {
                let arguments = text().unwrap_or_default();
                let arguments = arguments.split_ascii_whitespace().map(str::to_owned).collect();
                found.push((format!("{provider}:{name}"), arguments));
            }
        }
        notes = notes.get(end.next_multiple_of(4)..).unwrap_or_default();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn marks_are_read_from_notes() {
        let body = [&[0; 24][..], b"libc\0setjmp\08@%rdi -4@%esi\0"].concat();
        let mut note = [8_u32, body.len() as u32, 3].map(u32::to_le_bytes).concat();
        note.extend(b"stapsdt\0");
        note.extend(&body);
        note.resize(note.len().next_multiple_of(4), 0);
        let expected = ("libc:setjmp".to_owned(), vec!["8@%rdi".to_owned(), "-4@%esi".to_owned()]);
        let twice = [&note[..], &note].concat();
        assert_eq!(parse(&twice, true), [expected.clone(), expected]);
        for end in 0..note.len() {
            parse(&note[..end], true);
        }
        assert_eq!(parse(&[0xff; 40], true), []);
    }
}
