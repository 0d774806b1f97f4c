//! Finding programs and libraries by name, as the shell and the dynamic loader do.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::kernel::Kernel;

/// The directories that loaders look into without being told.
const USUAL: [&str; 10] = [
    "/usr/local/lib",
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/lib/s390x-linux-gnu",
];
/// What the loader's cache begins with in the form that it has since glibc 2.2.
const CACHE_MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
/// The bytes of the cache's header, and of one entry.
const CACHE_HEADER: usize = 48;
const CACHE_ENTRY: usize = 24;
/// A cache larger than this is none.
const CACHE_LIMIT: u64 = 64 << 20;

/// The file of this name: a path as it is, a library (`libc.so.6`) as the loader finds it, and otherwise a command.
pub(crate) fn find(kernel: &Kernel, name: &str) -> Result<PathBuf, Error> {
    if name.contains('/') {
        return Ok(PathBuf::from(name));
    }
    let library =
        Path::new(name).extension().is_some_and(|end| end == "so") || name.contains(".so.");
    let candidates = if library { libraries(kernel, name) } else { commands(name) };
    let shape = shape(Path::new("/proc/self/exe"));
    let found = candidates.iter().find(|path| {
        // Libraries of other word sizes have the same names.
        path.is_file() && (!library || self::shape(path) == shape)
    });
    found.cloned().ok_or_else(|| {
        let (noun, places) = if library {
            ("library", "LD_LIBRARY_PATH, the loader's cache and its usual directories")
        } else {
            ("command", "PATH")
        };
        Error::not_found(format!("there is no {noun} `{name}` in {places}; a path works always"))
    })
}

fn commands(name: &str) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|directory| directory.join(name)).collect()
}

fn libraries(kernel: &Kernel, name: &str) -> Vec<PathBuf> {
    let told = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    let told = std::env::split_paths(&told).filter(|directory| !directory.as_os_str().is_empty());
    let mut found: Vec<PathBuf> = told.map(|directory| directory.join(name)).collect();
    let cache = kernel.files().path("/etc/ld.so.cache");
    let small = std::fs::metadata(&cache).is_ok_and(|meta| meta.len() <= CACHE_LIMIT);
    if let Some(bytes) = small.then(|| std::fs::read(&cache).ok()).flatten() {
        found.extend(cached(&bytes, name));
    }
    found.extend(USUAL.iter().map(|directory| Path::new(directory).join(name)));
    found
}

/// The paths that the loader's cache has for a library.
fn cached(cache: &[u8], name: &str) -> Vec<PathBuf> {
    // The older form may come first.
    let at = cache.windows(CACHE_MAGIC.len()).position(|window| window == CACHE_MAGIC);
    let Some(cache) = at.and_then(|at| cache.get(at..)) else { return Vec::new() };
    let Some(count) = word(cache, CACHE_MAGIC.len()) else { return Vec::new() };
    let entries = cache.get(CACHE_HEADER..).unwrap_or_default().chunks_exact(CACHE_ENTRY);
    let matching = entries.take(count).filter(|entry| text(cache, word(entry, 4)) == Some(name));
    matching.filter_map(|entry| text(cache, word(entry, 8))).map(PathBuf::from).collect()
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    let word = bytes.get(at..)?.first_chunk()?;
    usize::try_from(u32::from_ne_bytes(*word)).ok()
}

fn text(cache: &[u8], at: Option<usize>) -> Option<&str> {
    let text = cache.get(at?..)?;
    let end = text.iter().take(4096).position(|byte| *byte == 0)?;
    std::str::from_utf8(text.get(..end)?).ok()
}

/// An ELF file's word size, byte order and machine.
fn shape(path: &Path) -> Option<[u8; 4]> {
    let mut head = [0; 20];
    std::fs::File::open(path).ok()?.read_exact(&mut head).ok()?;
    let [0x7f, b'E', b'L', b'F', class, order, .., low, high] = head else { return None };
    Some([class, order, low, high])
}

#[cfg(test)]
mod tests {
    use super::{CACHE_ENTRY, CACHE_HEADER, CACHE_MAGIC, cached};

    fn cache() -> Vec<u8> {
        let mut bytes = CACHE_MAGIC.to_vec();
        bytes.extend(1_u32.to_ne_bytes());
        bytes.resize(CACHE_HEADER, 0);
        let strings = (CACHE_HEADER + CACHE_ENTRY) as u32;
        for number in [3, strings, strings + 10, 0, 0, 0] {
            bytes.extend(number.to_ne_bytes());
        }
        bytes.extend(b"libc.so.6\0/lib/libc.so.6\0");
        bytes
    }

    #[test]
    fn the_loaders_cache_tells_paths() {
        assert_eq!(
            cached(&cache(), "libc.so.6"),
            ["/lib/libc.so.6".into()] as [std::path::PathBuf; 1]
        );
        assert!(cached(&cache(), "libm.so.6").is_empty());
    }

    #[test]
    fn a_broken_cache_tells_nothing() {
        let whole = cache();
        for len in 0..whole.len() - 1 {
            assert!(cached(&whole[..len], "libc.so.6").is_empty(), "{len}");
        }
        let mut wild = whole;
        wild[20] = 0xff;
        wild[CACHE_HEADER + 8] = 0xff;
        assert!(cached(&wild, "libc.so.6").len() <= 1);
    }
}
