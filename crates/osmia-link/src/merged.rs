//! The types of all files in one, each once.

use osmia_btf::{Btf, Deduped, TypeId, dedup};

use crate::error::Error;
use crate::source::Source;

/// The types of all files.
pub(crate) struct Merged {
    deduped: Deduped,
    /// For each file which of the merged ones its types are.
    order: Vec<Option<usize>>,
}

impl Merged {
    /// Merges the types; `None` if no file has any.
    pub fn of(sources: &[Source<'_>]) -> Result<Option<Self>, Error> {
        let btfs: Vec<Btf> = sources.iter().filter_map(|source| source.btf.clone()).collect();
        if btfs.is_empty() {
            return Ok(None);
        }
        let mut next = 0..btfs.len();
        let order = sources.iter().map(|source| source.btf.as_ref().and_then(|_| next.next()));
        let order = order.collect();
        Ok(Some(Self { deduped: dedup(&btfs).map_err(Error::merged)?, order }))
    }

    /// The types.
    pub fn btf(&self) -> &Btf {
        &self.deduped.btf
    }

    /// What a file's type is called now.
    pub fn id(&self, file: usize, id: TypeId) -> Result<TypeId, Error> {
        let index = self.order.get(file).copied().flatten();
        let found = index.and_then(|index| self.deduped.id(index, id));
        let count = self.deduped.btf.type_count().unwrap_or_default();
        found.ok_or(Error::merged(osmia_btf::Error::NoSuchType { id, count }))
    }
}
