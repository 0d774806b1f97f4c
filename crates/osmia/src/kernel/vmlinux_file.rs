//! Files with a kernel's types that packages install, for kernels that do not tell them.

use std::fs::File;
use std::io;
use std::path::Path;

use bytes::Bytes;
use object::read::elf::{ElfFile32, ElfFile64};
use object::{Endianness, FileKind, ObjectSection as _, ReadCache, ReadRef};
use osmia_btf::Btf;

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::btf_source;
use crate::kernel::files::Files;

/// No kernel's types are larger; the section's size is the file's to say.
const LARGEST: u64 = 1 << 30;

/// The section with types.
pub(crate) const BTF: &str = ".BTF";
/// The section with as much of the kernel's types as a module needs to find the others.
pub(crate) const DISTILLED: &str = ".BTF.base";

/// Where `vmlinux` of a release may be.
pub(crate) fn usual_places(files: &Files) -> Vec<String> {
    files.release().map(|release| places_of(&release)).unwrap_or_default()
}

/// Where `vmlinux` of this release may be.
pub(crate) fn places_of(release: &str) -> Vec<String> {
    vec![
        format!("/boot/vmlinux-{release}"),
        format!("/lib/modules/{release}/vmlinux-{release}"),
        format!("/lib/modules/{release}/vmlinux"),
        format!("/lib/modules/{release}/build/vmlinux"),
        format!("/usr/lib/modules/{release}/kernel/vmlinux"),
        format!("/usr/lib/debug/boot/vmlinux-{release}"),
        format!("/usr/lib/debug/boot/vmlinux-{release}.debug"),
        format!("/usr/lib/debug/lib/modules/{release}/vmlinux"),
    ]
}

/// The types in the first of the running release's files that has any.
pub(crate) fn find(files: &Files) -> Result<Option<Btf>, Error> {
    first(files, &usual_places(files))
}

/// The types of a release that is installed.
pub(crate) fn installed(files: &Files, release: &str) -> Result<Btf, Error> {
    // It becomes a part of paths.
    let places = if release.contains('/') { Vec::new() } else { places_of(release) };
    first(files, &places)?.ok_or_else(|| {
        Error::not_found(format!(
            "the types of a kernel {release} are in none of {}: install its `vmlinux` (debug \
             symbols), or name a file with them",
            places.join(", ")
        ))
    })
}

/// The types in the first of some files that has any.
fn first(files: &Files, places: &[String]) -> Result<Option<Btf>, Error> {
    for place in places {
        let path = files.path(place);
        if !path.is_file() {
            continue;
        }
        // One without the section is passed over: another may have it.
        if let Some(bytes) = section(&path, BTF)? {
            return btf_source::parse(&path, bytes).map(Some);
        }
    }
    Ok(None)
}

/// The bytes of a section; `None` if it is no ELF file or has none.
pub(crate) fn section(path: &Path, name: &str) -> Result<Option<Bytes>, Error> {
    let unreadable = |error: io::Error| {
        let kind = match error.kind() {
            io::ErrorKind::NotFound => ErrorKind::NotFound,
            io::ErrorKind::PermissionDenied => ErrorKind::Permission,
            _ => ErrorKind::System,
        };
        Error::new(kind, format!("open {}", path.display())).caused_by(error)
    };
    // Debug information makes such files large; only what is looked at is read.
    let cache = ReadCache::new(File::open(path).map_err(unreadable)?);
    match FileKind::parse(&cache) {
        Ok(FileKind::Elf64 | FileKind::Elf32) => {}
        _ => return Ok(None),
    }
    in_elf(&cache, name).map_err(|error| {
        Error::new(ErrorKind::Malformed, format!("{} is damaged", path.display())).caused_by(error)
    })
}

fn in_elf<'d>(data: impl ReadRef<'d>, name: &str) -> Result<Option<Bytes>, object::Error> {
    match FileKind::parse(data)? {
        FileKind::Elf64 => of(&ElfFile64::<Endianness, _>::parse(data)?, name),
        _ => of(&ElfFile32::<Endianness, _>::parse(data)?, name),
    }
}

fn of<'d>(file: &impl object::Object<'d>, name: &str) -> Result<Option<Bytes>, object::Error> {
    let Some(section) = file.section_by_name(name) else { return Ok(None) };
    if section.size() > LARGEST {
        return Ok(None);
    }
    Ok(Some(Bytes::copy_from_slice(section.data()?)))
}
