//! The file that is to be compiled.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::error::{Error, IoContext as _};

/// How much of a file tells what it is.
const HEAD: u64 = 1024;

/// The whole path of a C file.
///
/// What is no text at all a compiler answers with a line of nonsense for each byte.
pub(crate) fn find(source: &Path) -> Result<PathBuf, Error> {
    const ATTEMPT: &str = "find the C file";
    let path = source.canonicalize().during(ATTEMPT, source)?;
    let no_c = |what| Err(Error::NotC { path: source.to_owned(), what });
    if path.is_dir() {
        return no_c("it is a folder");
    }
    let mut head = Vec::new();
    let read = File::open(&path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    read.during("read", source)?;
    if head.starts_with(b"\x7fELF") {
        return no_c("it is compiled already");
    }
    if head.contains(&0) {
        return no_c("it has bytes that are no text");
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::find;

    #[test]
    fn what_is_no_text_is_no_c() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.bpf.c");
        for (bytes, told) in [
            (&b"\x7fELF\x02\x01"[..], "it is compiled already"),
            (b"int a;\0", "it has bytes that are no text"),
            (b"\xff\xfei\0n\0t\0", "it has bytes that are no text"),
        ] {
            fs::write(&path, bytes).unwrap();
            let error = find(&path).unwrap_err().to_string();
            assert_eq!(error, format!("{} is no C file: {told}", path.display()));
        }
        for text in ["", "int a;", "/* gr\u{f6}\u{df}e */"] {
            fs::write(&path, text).unwrap();
            assert_eq!(find(&path).unwrap(), path.canonicalize().unwrap());
        }
        let error = find(dir.path()).unwrap_err().to_string();
        assert!(error.contains("is no C file: it is a folder"), "{error}");
        let error = find(&dir.path().join("absent")).unwrap_err().to_string();
        assert!(error.contains("cannot find the C file"), "{error}");
    }
}
