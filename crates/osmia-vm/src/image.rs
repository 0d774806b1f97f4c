//! Kernel images: the ELF file inside a compressed one. It boots faster than the image, which would
//! decompress itself under emulation, and its types can be read.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use object::read::elf::{FileHeader as _, ProgramHeader as _};
use object::{Endianness, elf};

use crate::error::Error;

/// What compressed data starts with, and what takes it apart.
const COMPRESSIONS: [(&[u8], &str); 4] = [
    (&[0x28, 0xb5, 0x2f, 0xfd], "zstd"),
    (&[0x02, 0x21, 0x4c, 0x18], "lz4"),
    (&[0xfd, b'7', b'z', b'X', b'Z', 0], "xz"),
    (&[0x1f, 0x8b, 0x08], "gzip"),
];

/// What ELF files begin with.
const ELF: &[u8] = b"\x7fELF";
/// The note that says where a kernel's ELF file is entered: its owner and its type.
const ENTRY_NOTE: (&[u8], u32) = (b"Xen", 18);

/// The kernel's ELF file: the file itself, or what is in the image that it is.
///
/// # Errors
/// It cannot be read, or there is no kernel in it that the tools here can decompress.
pub fn extract(image: &Path) -> Result<Vec<u8>, Error> {
    let bytes = fs::read(image).map_err(|error| Error::file(image, error))?;
    if bytes.starts_with(ELF) {
        return Ok(bytes);
    }
    let mut missing = Vec::new();
    for (magic, tool) in COMPRESSIONS {
        for at in places(&bytes, magic) {
            match decompress(tool, bytes.get(at..).unwrap_or_default()) {
                Ok(unpacked) if unpacked.starts_with(ELF) => return Ok(unpacked),
                Ok(_) => {}
                Err(Error::NoTool { program, .. }) => {
                    missing.push(program);
                    break;
                }
                Err(error) => return Err(error),
            }
        }
    }
    let missing = match missing.as_slice() {
        [] => String::new(),
        missing => format!(" (not installed here: {})", missing.join(", ")),
    };
    Err(Error::NoKernel { path: image.to_owned(), missing })
}

/// Whether a kernel's ELF file can be booted as it is, which kernels with `CONFIG_PVH` can.
pub fn boots_itself(kernel: &[u8]) -> bool {
    has_entry_note(kernel).unwrap_or(false)
}

fn has_entry_note(kernel: &[u8]) -> Result<bool, object::Error> {
    let header = elf::FileHeader64::<Endianness>::parse(kernel)?;
    let endian = header.endian()?;
    for segment in header.program_headers(endian, kernel)? {
        let Some(mut notes) = segment.notes(endian, kernel)? else { continue };
        while let Some(note) = notes.next()? {
            if (note.name(), note.n_type(endian)) == ENTRY_NOTE {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn places<'a>(bytes: &'a [u8], magic: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    bytes
        .windows(magic.len())
        .enumerate()
        .filter(move |(_, window)| *window == magic)
        .map(|(at, _)| at)
}

/// What a tool (`xz`, `zstd`, ...) makes of compressed bytes. It will complain about what follows the
/// compressed data, so its word does not count.
///
/// # Errors
/// The tool is not installed, or cannot be run.
pub fn decompress(tool: &str, bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let program = || tool.to_owned();
    let child = Command::new(tool)
        .args(["-d", "-c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = child.map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => Error::NoTool { program: program(), purpose: "decompress" },
        _ => Error::Run { program: program(), source },
    })?;
    let stdin = child.stdin.take();
    thread::scope(|scope| {
        scope.spawn(move || {
            // It stops reading where the compressed data ends.
            stdin.map(|mut stdin| stdin.write_all(bytes))
        });
        let output = child.wait_with_output();
        Ok(output.map_err(|source| Error::Run { program: program(), source })?.stdout)
    })
}

/// The tool that decompresses files with this ending, if they are compressed.
pub fn tool_for(path: &Path) -> Option<&'static str> {
    match path.extension()?.to_str()? {
        "xz" => Some("xz"),
        "zst" => Some("zstd"),
        "gz" => Some("gzip"),
        "lz4" => Some("lz4"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::{Command, Stdio};

    use super::{boots_itself, extract, tool_for};
    use crate::error::Error;

    #[test]
    fn a_kernel_is_found_in_its_image() {
        let folder = std::env::temp_dir().join(format!("osmia-vm-image-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("kernel");
        std::fs::write(&path, b"\x7fELF and more").unwrap();
        assert_eq!(extract(&path).unwrap(), b"\x7fELF and more");
        let file = std::fs::File::open(&path).unwrap();
        let packed = Command::new("gzip").arg("-c").stdin(file).stderr(Stdio::inherit()).output();
        let image = [b"MZ a loader", packed.unwrap().stdout.as_slice(), b" a tail"].concat();
        std::fs::write(&path, image).unwrap();
        assert_eq!(extract(&path).unwrap(), b"\x7fELF and more");
        std::fs::write(&path, b"text").unwrap();
        assert!(matches!(extract(&path).unwrap_err(), Error::NoKernel { .. }));
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(matches!(extract(&path).unwrap_err(), Error::File { .. }));
    }

    #[test]
    fn endings_tell_the_tool() {
        assert_eq!(tool_for(Path::new("a/veth.ko.xz")), Some("xz"));
        assert_eq!(tool_for(Path::new("a/veth.ko.zst")), Some("zstd"));
        assert_eq!(tool_for(Path::new("a/veth.ko")), None);
        assert!(!boots_itself(b"\x7fELF and more"));
    }
}
