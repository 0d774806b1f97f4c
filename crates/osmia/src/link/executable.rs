//! Where the functions of programs and libraries are in their files.

use std::io;
use std::path::Path;

use object::read::elf::{ElfFile64, VersionTable};
use object::{
    Endianness, Object as _, ObjectSegment as _, ObjectSymbol as _, SymbolIndex, SymbolKind,
};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::link::pattern::fits;
use crate::link::versioned::{Versioned, Wanted};
use crate::object_bytes;
use osmia_btf::near::nearest;

/// A program or library that is looked into.
pub(crate) struct Executable {
    bytes: Vec<u8>,
    name: String,
}

/// The bytes of a program or library: its headers, and those sections that are wanted by their names.
pub(crate) fn sections(path: &Path, wanted: impl Fn(&[u8]) -> bool) -> Result<Vec<u8>, Error> {
    object_bytes::read_executable(path, wanted).map_err(|error| {
        let kind = match error.kind() {
            io::ErrorKind::NotFound => ErrorKind::NotFound,
            io::ErrorKind::PermissionDenied => ErrorKind::Permission,
            _ => ErrorKind::System,
        };
        Error::new(kind, format!("read {}", path.display())).caused_by(error)
    })
}

/// A function, and where in the file it begins.
struct Function<'a> {
    symbol: Versioned<'a>,
    offset: u64,
}

impl Executable {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let bytes = sections(path, |name| {
            matches!(name, b".symtab" | b".strtab" | b".dynsym" | b".dynstr")
                || name.starts_with(b".gnu.version")
        })?;
        Ok(Self { bytes, name: path.display().to_string() })
    }

    /// Where in the file a function begins, which may be wanted in a version: `memcpy@GLIBC_2.2.5`.
    pub(crate) fn function(&self, wanted: &str) -> Result<u64, Error> {
        let functions = self.functions()?;
        let wanted = Wanted::parse(wanted);
        let fit = functions.iter().filter(|function| wanted.fits(&function.symbol));
        // Of several versions, the one that is linked with today.
        let best = fit.min_by_key(|function| !function.symbol.is_default);
        best.map(|function| function.offset).ok_or_else(|| self.absent(&wanted, &functions))
    }

    /// Where the functions begin that fit a pattern, in all their versions; each place once.
    pub(crate) fn matching(&self, pattern: &str) -> Result<Vec<u64>, Error> {
        let functions = self.functions()?;
        let fit = functions.iter().filter(|function| fits(pattern, function.symbol.name));
        let mut offsets: Vec<u64> = fit.map(|function| function.offset).collect();
        offsets.sort_unstable();
        offsets.dedup();
        if offsets.is_empty() {
            let name = &self.name;
            return Err(Error::not_found(format!("no function of {name} fits {pattern}")));
        }
        Ok(offsets)
    }

    /// The names of all functions, sorted.
    pub(crate) fn names(&self) -> Result<Vec<&str>, Error> {
        let functions = self.functions()?;
        let mut names: Vec<&str> =
            functions.into_iter().map(|function| function.symbol.name).collect();
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    /// All functions that have a place in the file.
    fn functions(&self) -> Result<Vec<Function<'_>>, Error> {
        let malformed = |error: object::Error| {
            Error::new(ErrorKind::Malformed, format!("read {} as a 64-bit ELF file", self.name))
                .caused_by(error)
        };
        let file = ElfFile64::<Endianness>::parse(&*self.bytes).map_err(malformed)?;
        let segments: Vec<(u64, u64, u64)> = file
            .segments()
            .map(|segment| (segment.address(), segment.file_range().1, segment.file_range().0))
            .collect();
        let place = |address: u64| {
            let (from, _, offset) = segments.iter().find(|(from, len, _)| {
                address.checked_sub(*from).is_some_and(|inside| inside < *len)
            })?;
            address.checked_sub(*from)?.checked_add(*offset)
        };
        let sections = file.elf_section_table();
        let versions = sections.versions(file.endian(), file.data()).map_err(malformed)?;
        let of = |index: SymbolIndex| version(versions.as_ref()?, file.endian(), index);
        let symbols = file.symbols().map(|symbol| (symbol, None));
        let dynamic = file.dynamic_symbols().map(|symbol| {
            let version = of(symbol.index());
            (symbol, version)
        });
        let functions = symbols.chain(dynamic).filter_map(|(symbol, version)| {
            let is_function = symbol.kind() == SymbolKind::Text && symbol.is_definition();
            let named = Versioned::new(symbol.name().ok().filter(|_| is_function)?, version);
            Some(Function { symbol: named, offset: place(symbol.address())? })
        });
        Ok(functions.collect())
    }

    fn absent(&self, wanted: &Wanted<'_>, functions: &[Function<'_>]) -> Error {
        let file = &self.name;
        let named = functions.iter().filter(|function| function.symbol.name == wanted.name);
        let versions: Vec<String> =
            named.map(|function| format!("`{}`", function.symbol)).collect();
        if !versions.is_empty() {
            let versions = versions.join(", ");
            return Error::not_found(format!("{file} has no `{wanted}`, but it has {versions}"));
        }
        let names = functions.iter().map(|function| function.symbol.name);
        let mut alike = names.filter(|name| name.len().abs_diff(wanted.name.len()) <= 3).peekable();
        if alike.peek().is_none() {
            return Error::not_found(format!(
                "{file} has no function `{wanted}`, nor any of a like name; if it was stripped, give an offset"
            ));
        }
        let near = nearest(wanted.name, alike).map(|near| format!("; did you mean `{near}`?"));
        let near = near.unwrap_or_else(|| "; if it was stripped, give an offset".to_owned());
        Error::not_found(format!("{file} has no function `{wanted}`{near}"))
    }
}

/// The version of a dynamic symbol, and whether it is what is linked with today.
fn version<'a>(
    versions: &VersionTable<'a, object::elf::FileHeader64<Endianness>>,
    endian: Endianness,
    index: SymbolIndex,
) -> Option<(&'a str, bool)> {
    let index = versions.version_index(endian, index);
    let version = versions.version(index).ok()??;
    Some((std::str::from_utf8(version.name()).ok()?, !index.is_hidden()))
}

#[cfg(test)]
mod tests {
    use super::Executable;
    use crate::kernel::Kernel;
    use crate::link::library;

    /// A function of the C library that has changed its meaning once.
    #[test]
    fn functions_have_versions() {
        let found = Kernel::running().and_then(|kernel| library::find(&kernel, "libc.so.6"));
        let (Ok(path), true) = (found, cfg!(target_arch = "x86_64")) else {
            return osmia_testkit::skip::tool("there is no C library of x86-64 here");
        };
        let libc = Executable::open(&path).unwrap();
        let find = |name: &str| libc.function(name).unwrap();
        let today = find("regexec");
        assert_eq!(find("regexec@@GLIBC_2.3.4"), today);
        assert_eq!(find("regexec@GLIBC_2.3.4"), today);
        assert_ne!(find("regexec@GLIBC_2.2.5"), today);
        for absent in ["regexec@@GLIBC_2.2.5", "regexec@GLIBC_9"] {
            let text = libc.function(absent).unwrap_err().to_string();
            assert!(text.contains(absent), "{text}");
            assert!(
                text.contains("`regexec@GLIBC_2.2.5`") && text.contains("`regexec@@GLIBC_2.3.4`"),
                "{text}"
            );
        }
        assert_eq!(libc.matching("regexec").unwrap().len(), 2);
        assert!(libc.names().unwrap().contains(&"regexec"));
        let text = libc.function("regexecc").unwrap_err().to_string();
        assert!(text.contains("did you mean `regexec`?"), "{text}");
    }
}
