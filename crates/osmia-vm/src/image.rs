//! The ELF file inside a compressed kernel image. It boots faster than the image, which would decompress itself under
//! emulation.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    thread,
};

use anyhow::{Context as _, Result, bail};

/// What compressed data starts with, and what takes it apart.
const COMPRESSIONS: [(&[u8], &str); 4] = [
    (&[0x28, 0xb5, 0x2f, 0xfd], "zstd"),
    (&[0x02, 0x21, 0x4c, 0x18], "lz4"),
    (&[0xfd, b'7', b'z', b'X', b'Z', 0], "xz"),
    (&[0x1f, 0x8b, 0x08], "gzip"),
];

/// The kernel's ELF file, from its image.
pub(crate) fn extract(image: &Path) -> Result<Vec<u8>> {
    let bytes = fs::read(image)?;
    for (magic, tool) in COMPRESSIONS {
        for at in places(&bytes, magic) {
            let unpacked = decompress(tool, bytes.get(at..).unwrap_or_default())?;
            if unpacked.starts_with(b"\x7fELF") {
                return Ok(unpacked);
            }
        }
    }
    bail!("{}: no compressed kernel in it that zstd, lz4, xz or gzip can read", image.display())
}

fn places<'a>(bytes: &'a [u8], magic: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    bytes
        .windows(magic.len())
        .enumerate()
        .filter(move |(_, window)| *window == magic)
        .map(|(at, _)| at)
}

/// What a tool makes of the bytes. It will complain about what follows the compressed data, so its word does not count.
pub(crate) fn decompress(tool: &str, bytes: &[u8]) -> Result<Vec<u8>> {
    let mut child = Command::new(tool)
        .args(["-d", "-c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| tool.to_owned())?;
    let stdin = child.stdin.take();
    thread::scope(|scope| {
        scope.spawn(move || {
            // It stops reading where the compressed data ends.
            stdin.map(|mut stdin| stdin.write_all(bytes))
        });
        Ok(child.wait_with_output()?.stdout)
    })
}
