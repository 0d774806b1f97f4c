//! BPF objects, wherever they stand.

use std::{
    collections::HashSet,
    ffi::OsStr,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};

use crate::command;

/// What ELF files begin with.
const ELF: &[u8] = b"\x7fELF";

/// The number of BPF among machines.
const BPF: u16 = 247;

/// Where those that were put into a folder are written down.
const LIST: &str = "carved";

/// All objects in a folder, each once. Those that stand in other files are put into `place`. What was put there the last
/// time goes; what somebody else has put there stays.
pub(crate) fn objects(folder: &Path, place: &Path) -> Result<Vec<PathBuf>> {
    fs::create_dir_all(place)?;
    let inside = folder.canonicalize()?.starts_with(place.canonicalize()?);
    ensure!(!inside, "{}: that is where objects are put", folder.display());
    remove_ours(place)?;
    carve_all(folder, place)
}

/// Removes what the list says that we have put there.
fn remove_ours(place: &Path) -> Result<()> {
    let list = place.join(LIST);
    let Ok(names) = fs::read_to_string(&list) else { return Ok(()) };
    for name in names.lines() {
        match fs::remove_file(place.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| place.join(name).display().to_string());
            }
            _ => {}
        }
    }
    Ok(fs::remove_file(list)?)
}

fn carve_all(folder: &Path, place: &Path) -> Result<Vec<PathBuf>> {
    let list = File::create(place.join(LIST))?;
    let mut carver =
        Carver { place, list, known: HashSet::new(), names: HashSet::new(), objects: Vec::new() };
    for file in files(folder)? {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if file.extension() != Some(OsStr::new("deb")) {
            carver.find(&file, &name)?;
            continue;
        }
        let unpacked = tempfile::tempdir()?;
        command::run(Command::new("dpkg-deb").arg("-x").arg(&file).arg(unpacked.path()))?;
        let package = name.split('_').take(2).collect::<Vec<_>>().join("_");
        for inner in files(unpacked.path())? {
            let inside = inner.file_name().unwrap_or_default().to_string_lossy().into_owned();
            carver.carve(&fs::read(&inner)?, &format!("{package}.{inside}"))?;
        }
    }
    Ok(carver.objects)
}

/// What carves objects out of files.
struct Carver<'a> {
    place: &'a Path,
    list: File,
    known: HashSet<Vec<u8>>,
    names: HashSet<String>,
    objects: Vec<PathBuf>,
}

impl Carver<'_> {
    /// A file that is an object, or holds some.
    fn find(&mut self, file: &Path, name: &str) -> Result<()> {
        let bytes = fs::read(file).with_context(|| file.display().to_string())?;
        let whole = extent(&bytes) == Some(bytes.len()) && !self.names.contains(name);
        if !whole {
            return self.carve(&bytes, name);
        }
        if self.known.insert(bytes) {
            self.push(file.to_owned(), name);
        }
        Ok(())
    }

    /// The objects in a file's bytes.
    fn carve(&mut self, bytes: &[u8], name: &str) -> Result<()> {
        for (number, start) in starts(bytes).enumerate() {
            let tail = bytes.get(start..).unwrap_or_default();
            let Some(object) = extent(tail).and_then(|len| tail.get(..len)) else { continue };
            if self.known.insert(object.to_vec()) {
                let name = self.free_name(name, number);
                writeln!(self.list, "{name}")?;
                let path = self.place.join(&name);
                fs::write(&path, object)?;
                self.push(path, &name);
            }
        }
        Ok(())
    }

    fn push(&mut self, file: PathBuf, name: &str) {
        self.names.insert(name.to_owned());
        self.objects.push(file);
    }

    /// A name that neither another object nor somebody's file has: reports know objects by it.
    fn free_name(&self, name: &str, number: usize) -> String {
        let ending = if number == 0 { String::new() } else { format!(".{number}") };
        let name = name.strip_suffix(".o").unwrap_or(name);
        let first = format!("{name}{ending}.o");
        let others = (2_u32..).map(|again| format!("{name}{ending}.again{again}.o"));
        let free = |name: &String| !self.names.contains(name) && !self.place.join(name).exists();
        [first.clone()].into_iter().chain(others).find(free).unwrap_or(first)
    }
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
    use std::fs;

    use super::{extent, objects, starts};

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

    #[test]
    fn only_what_was_put_there_before_goes() {
        let (folder, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let theirs = place.path().join("two.o");
        fs::write(&theirs, "their only copy").unwrap();
        for (name, before, sections) in [("one.o", "", 0), ("two", "before", 1), ("three", "-", 2)]
        {
            let bytes = [before.as_bytes(), &object(247, sections)].concat();
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        let found = || objects(folder.path(), place.path()).unwrap();
        let (one, two) = (folder.path().join("one.o"), place.path().join("two.again2.o"));
        let three = place.path().join("three.o");
        assert_eq!(found(), [one.clone(), three.clone(), two.clone()]);

        fs::remove_file(folder.path().join("three")).unwrap();
        assert_eq!(found(), [one, two]);
        assert!(!three.exists());
        assert_eq!(fs::read(&theirs).unwrap(), b"their only copy");
        assert!(objects(place.path(), place.path()).is_err(), "it would read what it writes");
    }
}
