//! A file that is being linked.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use bytes::Bytes;
use osmia_btf::{Btf, BtfExt, Kind, Type, TypeId};
use osmia_object::elf::{Elf, Place, Section};

use crate::error::Error;
use crate::object_file::ObjectFile;

/// A file, opened.
pub(crate) struct Source<'a> {
    pub file: &'a str,
    pub elf: Elf<'a>,
    pub btf: Option<Btf>,
    pub ext: Option<BtfExt>,
    /// The types that are functions, variables and sections.
    declared: Vec<TypeId>,
    /// Sections by name; `None` where several share it.
    by_name: HashMap<&'a str, Option<usize>>,
}

impl<'a> Source<'a> {
    pub fn open(object: &'a ObjectFile) -> Result<Self, Error> {
        let file = object.name.as_str();
        let elf = Elf::read(&object.bytes)
            .map_err(|cause| Error::Object { file: file.to_owned(), cause: Box::new(cause) })?;
        let by_name = by_name(&elf);
        let mut source = Self { file, elf, btf: None, ext: None, declared: Vec::new(), by_name };
        source.btf = source
            .blob(object, ".BTF")
            .map(|blob| Btf::parse(blob, None))
            .transpose()
            .map_err(|cause| source.types(cause))?;
        if let Some(btf) = &source.btf {
            if btf.endian() != source.elf.endian {
                let problem = "has another byte order than the file";
                return Err(source.section_error(".BTF", problem));
            }
            source.declared = declared(btf).map_err(|cause| source.types(cause))?;
            source.ext = source
                .blob(object, ".BTF.ext")
                .map(BtfExt::parse)
                .transpose()
                .map_err(|cause| source.records(cause))?;
        }
        Ok(source)
    }

    fn blob(&self, object: &ObjectFile, section: &str) -> Option<Bytes> {
        let found = self.elf.section_named(section)?;
        (!found.data.is_empty()).then(|| object.bytes.slice_ref(found.data))
    }

    /// What the types say of functions, variables and sections.
    pub fn declarations(&self) -> impl Iterator<Item = Result<Type<'_>, Error>> {
        let all = self.btf.iter().flat_map(|btf| self.declared.iter().map(|&id| btf.ty(id)));
        all.map(|ty| ty.map_err(|cause| self.types(cause)))
    }

    /// The section with code or data of this name, and its index, if there is just one.
    pub fn only_section(&self, name: &str) -> Result<Option<(usize, &Section<'a>)>, Error> {
        match self.by_name.get(name) {
            None => Ok(None),
            Some(&Some(index)) => Ok(self.elf.sections.get(index).map(|section| (index, section))),
            Some(None) => {
                let problem = "there are two of this name, and the types cannot tell them apart";
                Err(self.section_error(name, problem))
            }
        }
    }

    /// An error about the file's types.
    pub fn types(&self, cause: osmia_btf::Error) -> Error {
        Error::Types { file: self.file.to_owned(), section: ".BTF", cause: Box::new(cause) }
    }

    /// An error about the records of its instructions.
    pub fn records(&self, cause: osmia_btf::Error) -> Error {
        Error::Types { file: self.file.to_owned(), section: ".BTF.ext", cause: Box::new(cause) }
    }

    /// An error about a section.
    pub fn section_error(&self, section: &str, problem: impl Into<String>) -> Error {
        let (file, section) = (self.file.to_owned(), section.to_owned());
        Error::Section { file, section, problem: problem.into() }
    }

    /// An error about a symbol.
    pub fn symbol_error(&self, index: usize, problem: impl Into<String>) -> Error {
        let section = match self.elf.symbols.get(index).map(|symbol| symbol.place) {
            Some(Place::Section(section)) => self.elf.sections.get(section).map_or("?", |s| s.name),
            _ => "(none)",
        };
        Error::Symbol {
            file: self.file.to_owned(),
            section: section.to_owned(),
            symbol: self.elf.symbol_title(index),
            problem: problem.into(),
        }
    }
}

/// Walks all types, and so finds what is broken where the file's name is known.
fn declared(btf: &Btf) -> Result<Vec<TypeId>, osmia_btf::Error> {
    let mut declared = Vec::new();
    for ty in btf.own_types()? {
        let ty = ty?;
        if matches!(ty.kind(), Kind::Func | Kind::Var | Kind::DataSec) {
            declared.push(ty.id());
        }
    }
    Ok(declared)
}

fn by_name<'a>(elf: &Elf<'a>) -> HashMap<&'a str, Option<usize>> {
    let mut by_name = HashMap::new();
    for (index, section) in elf.sections.iter().enumerate() {
        match by_name.entry(section.name) {
            Entry::Vacant(free) => _ = free.insert(Some(index)),
            Entry::Occupied(mut known) => _ = known.insert(None),
        }
    }
    by_name
}
