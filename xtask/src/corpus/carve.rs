//! BPF objects, wherever they stand.

use std::{
    collections::HashSet,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};

use crate::command;

/// What ELF files begin with.
const ELF: &[u8] = b"\x7fELF";

/// The number of BPF among machines.
const BPF: u16 = 247;

/// All objects in a folder, each once, as files; those carved out of others are put into `place`.
pub(crate) fn objects(folder: &Path, place: &Path) -> Result<Vec<PathBuf>> {
    if place.exists() {
        let inside = folder.canonicalize()?.starts_with(place.canonicalize()?);
        ensure!(
            !inside,
            "{}: that is where objects are put, and is emptied first",
            folder.display()
        );
        fs::remove_dir_all(place)?;
    }
    fs::create_dir_all(place)?;
    let mut known = HashSet::new();
    let mut objects = Vec::new();
    for file in files(folder)? {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if file.extension() != Some(OsStr::new("deb")) {
            carve(&file, &name, place, &mut known, &mut objects)?;
            continue;
        }
        let unpacked = place.join("unpacked");
        command::run(Command::new("dpkg-deb").arg("-x").arg(&file).arg(&unpacked))?;
        let package = name.split('_').take(2).collect::<Vec<_>>().join("_");
        for inner in files(&unpacked)? {
            let inside = inner.file_name().unwrap_or_default().to_string_lossy().into_owned();
            carve(&inner, &format!("{package}.{inside}"), place, &mut known, &mut objects)?;
        }
        fs::remove_dir_all(unpacked)?;
    }
    Ok(objects)
}

/// The objects in one file: the file itself, or those that it holds.
fn carve(
    file: &Path,
    name: &str,
    place: &Path,
    known: &mut HashSet<Vec<u8>>,
    objects: &mut Vec<PathBuf>,
) -> Result<()> {
    let bytes = fs::read(file).with_context(|| file.display().to_string())?;
    for (number, start) in starts(&bytes).enumerate() {
        let tail = bytes.get(start..).unwrap_or_default();
        let Some(object) = extent(tail).and_then(|len| tail.get(..len)) else { continue };
        if !known.insert(object.to_vec()) {
            continue;
        }
        let ending = if number == 0 { String::new() } else { format!(".{number}") };
        let path = place.join(format!("{name}{ending}.o"));
        fs::write(&path, object)?;
        objects.push(path);
    }
    Ok(())
}

/// Where BPF objects seem to begin.
fn starts(bytes: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let places = bytes.windows(ELF.len()).enumerate().filter(|(_, window)| *window == ELF);
    places.map(|(at, _)| at).filter(|&at| extent(bytes.get(at..).unwrap_or_default()).is_some())
}

/// The length of the BPF object that the bytes begin with: it ends with its section headers or
/// with its last section, whichever is later.
fn extent(bytes: &[u8]) -> Option<usize> {
    let big = match (*bytes.get(4)?, *bytes.get(5)?) {
        (2, 1) => false,
        (2, 2) => true,
        _ => return None,
    };
    let number = |at: usize, len: usize| -> Option<usize> {
        let mut part = bytes.get(at..at.checked_add(len)?)?.to_vec();
        if !big {
            part.reverse();
        }
        usize::try_from(part.iter().fold(0, |value: u64, &byte| value << 8 | u64::from(byte))).ok()
    };
    if number(18, 2)? != usize::from(BPF) {
        return None;
    }
    let (headers, size, count) = (number(0x28, 8)?, number(0x3a, 2)?, number(0x3c, 2)?);
    let mut end = headers.checked_add(size.checked_mul(count)?)?;
    for index in 0..count {
        let header = headers.checked_add(index.checked_mul(size)?)?;
        // Sections without bytes in the file (`.bss`) have the type 8.
        if number(header.checked_add(4)?, 4)? != 8 {
            end = end.max(number(header + 0x18, 8)?.checked_add(number(header + 0x20, 8)?)?);
        }
    }
    (end <= bytes.len()).then_some(end)
}

/// All files below a folder, in the order of their paths.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut folders = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        for entry in entries {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::{extent, starts};

    /// A header of nothing but what is looked at.
    fn object(machine: u16, sections: u16) -> Vec<u8> {
        let mut bytes = vec![0; 64 + 64 * usize::from(sections)];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[18..20].copy_from_slice(&machine.to_le_bytes());
        bytes[0x28] = 64;
        bytes[0x3a] = 64;
        bytes[0x3c..0x3e].copy_from_slice(&sections.to_le_bytes());
        bytes
    }

    #[test]
    fn objects_are_found_among_other_bytes() {
        let bytes =
            [&b"before"[..], &object(62, 0), &object(247, 2), b"after", &object(247, 0)].concat();
        let found: Vec<usize> = starts(&bytes).collect();
        assert_eq!(found, [6 + 64, 6 + 64 + 192 + 5]);
        assert_eq!(extent(&bytes[found[0]..]), Some(192));
    }

    #[test]
    fn what_is_cut_off_is_none() {
        let mut whole = object(247, 1);
        assert_eq!(extent(&whole), Some(128));
        assert_eq!(extent(&whole[..127]), None);
        whole[64 + 0x20] = 129;
        assert_eq!(extent(&whole), None, "a section that ends behind the bytes");
        assert_eq!(extent(b"\x7fELF"), None);
    }
}
