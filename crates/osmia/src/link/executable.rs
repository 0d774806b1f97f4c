//! Where the functions of programs and libraries are in their files.

use std::path::Path;

use object::read::elf::ElfFile64;
use object::{Endianness, Object as _, ObjectSegment as _, ObjectSymbol as _, SymbolKind};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::link::pattern::fits;
use osmia_btf::near::nearest;

/// A program or library that is looked into.
pub(crate) struct Executable {
    bytes: Vec<u8>,
    name: String,
}

impl Executable {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| {
            let kind = match error.kind() {
                std::io::ErrorKind::NotFound => ErrorKind::NotFound,
                std::io::ErrorKind::PermissionDenied => ErrorKind::Permission,
                _ => ErrorKind::System,
            };
            Error::new(kind, format!("read {name}")).caused_by(error)
        })?;
        Ok(Self { bytes, name })
    }

    /// Where in the file a function begins.
    pub(crate) fn function(&self, wanted: &str) -> Result<u64, Error> {
        let functions = self.functions()?;
        // A default version is written `name@@VERSION`.
        let bare = wanted.split('@').next().unwrap_or(wanted);
        match functions.iter().find(|(name, _)| *name == wanted || *name == bare) {
            Some((_, offset)) => Ok(*offset),
            None => Err(self.absent(wanted, functions.iter().map(|(name, _)| *name))),
        }
    }

    /// Where the functions begin that fit a pattern; each place once.
    pub(crate) fn matching(&self, pattern: &str) -> Result<Vec<u64>, Error> {
        let functions = self.functions()?;
        let fit = functions.iter().filter(|(name, _)| fits(pattern, name));
        let mut offsets: Vec<u64> = fit.map(|(_, offset)| *offset).collect();
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
        let mut names: Vec<&str> = self.functions()?.into_iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    /// All functions that have a place in the file, with it.
    fn functions(&self) -> Result<Vec<(&str, u64)>, Error> {
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
        let symbols = file.symbols().chain(file.dynamic_symbols());
        let functions =
            symbols.filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.is_definition());
        let named =
            functions.filter_map(|symbol| Some((symbol.name().ok()?, place(symbol.address())?)));
        Ok(named.collect())
    }

    fn absent<'a>(&self, wanted: &str, names: impl Iterator<Item = &'a str>) -> Error {
        let mut alike = names.filter(|name| name.len().abs_diff(wanted.len()) <= 3).peekable();
        let name = &self.name;
        if alike.peek().is_none() {
            return Error::not_found(format!(
                "{name} has no function `{wanted}`, nor any of a like name; if it was stripped, give an offset"
            ));
        }
        let near = nearest(wanted, alike).map(|near| format!("; did you mean `{near}`?"));
        let near = near.unwrap_or_else(|| "; if it was stripped, give an offset".to_owned());
        Error::not_found(format!("{name} has no function `{wanted}`{near}"))
    }
}
