//! What every step of reading works on.

use bytes::Bytes;
use osmia_btf::{Btf, BtfExt};

use crate::error::Error;
use crate::read::budget::Budget;
use crate::read::elf::Elf;

/// A file that is being read.
pub(crate) struct Source<'a> {
    pub name: &'a str,
    pub bytes: &'a Bytes,
    pub elf: Elf<'a>,
    pub btf: Option<Btf>,
    pub ext: Option<BtfExt>,
    pub budget: Budget,
}

impl<'a> Source<'a> {
    pub fn open(name: &'a str, bytes: &'a Bytes) -> Result<Self, Error> {
        let budget = Budget::for_file(bytes.len());
        let elf = Elf::parse(bytes, &budget)?;
        let mut source = Self { name, bytes, elf, btf: None, ext: None, budget };
        source.btf = source
            .blob(".BTF")
            .map(|blob| Btf::parse(blob, None))
            .transpose()
            .map_err(|source| Error::Btf { section: ".BTF", source })?;
        if let Some(btf) = &source.btf {
            // Each step asks for the types of the sections it is about.
            let data = source.elf.sections.iter().filter(|section| section.is_data());
            btf.look_for(data.map(|section| section.name)).map_err(types)?;
            source.ext = source
                .blob(".BTF.ext")
                .map(BtfExt::parse)
                .transpose()
                .map_err(|source| Error::Btf { section: ".BTF.ext", source })?;
        }
        Ok(source)
    }

    /// A part of the file, without copying it.
    pub fn share(&self, part: &[u8]) -> Bytes {
        if part.is_empty() { Bytes::new() } else { self.bytes.slice_ref(part) }
    }

    fn blob(&self, section: &str) -> Option<Bytes> {
        let section = self.elf.section_named(section)?;
        (!section.data.is_empty()).then(|| self.share(section.data))
    }
}

/// Names the section that an error about types is from.
pub(crate) fn types(source: osmia_btf::Error) -> Error {
    Error::Btf { section: ".BTF", source }
}

/// Names the section that an error about instructions' records is from.
pub(crate) fn records(source: osmia_btf::Error) -> Error {
    Error::Btf { section: ".BTF.ext", source }
}
