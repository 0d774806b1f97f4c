//! Which records have a name: by searching at first, from an index once that pays.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use crate::btf::Btf;
use crate::error::Error;
use crate::flavour::essential_text;
use crate::index::Index;
use crate::kind::Kind;
use crate::records::Record;
use crate::search::{is_essential, search};

/// Building the index takes as long as about so many searches through all records.
const SEARCHES: usize = 2;

/// What is known of the names of a blob's own records.
#[derive(Default)]
pub(crate) struct Names {
    index: OnceLock<Index>,
    /// By essential names that were searched for: the numbers of their records.
    known: RwLock<HashMap<Box<str>, Arc<[u32]>>>,
    /// The bytes of records that searches went through.
    searched: AtomicUsize,
}

impl Names {
    /// The index, built now if it is not there yet.
    pub fn index(&self, btf: &Btf) -> Result<&Index, Error> {
        if let Some(index) = self.index.get() {
            return Ok(index);
        }
        let index = Index::build(btf)?;
        Ok(self.index.get_or_init(|| index))
    }

    /// The first record of this kind and name.
    #[inline]
    pub fn find<'a>(
        &'a self,
        btf: &'a Btf,
        kind: Kind,
        name: &str,
    ) -> Result<Option<Record<'a>>, Error> {
        if name.is_empty() {
            return Ok(None);
        }
        if let Some(index) = self.index.get() {
            return first(btf, index.likely(name), kind, name);
        }
        if let Some(known) = self.known(essential_text(name)) {
            return first(btf, known.iter().rev().copied(), kind, name);
        }
        if self.index_pays(btf) {
            self.index(btf)?;
            return self.find(btf, kind, name);
        }
        self.scan(btf, kind, name)
    }

    /// The numbers of the records of this essential name, in their order.
    pub fn numbers(&self, btf: &Btf, essential: &str) -> Result<Vec<u32>, Error> {
        if essential.is_empty() {
            return Ok(Vec::new());
        }
        if self.index.get().is_none() && self.known(essential).is_none() {
            self.look_for(btf, &[essential])?;
        }
        if let Some(known) = self.known(essential) {
            return Ok(known.to_vec());
        }
        let mut numbers = Vec::new();
        for number in self.index(btf)?.likely(essential) {
            let Some(record) = btf.own_record(number)? else { continue };
            if is_essential(btf, record.name, essential) {
                numbers.push(number);
            }
        }
        numbers.reverse();
        Ok(numbers)
    }

    /// Searches for names, none of them empty, and remembers what was found; builds the index
    /// instead if that pays.
    pub fn look_for(&self, btf: &Btf, names: &[&str]) -> Result<(), Error> {
        if self.index.get().is_some() {
            return Ok(());
        }
        let new: Vec<&str> =
            names.iter().copied().filter(|name| self.known(name).is_none()).collect();
        if new.is_empty() {
            return Ok(());
        }
        if self.index_pays(btf) {
            return self.index(btf).map(|_| ());
        }
        let found = search(btf, &new)?;
        self.count(btf.own_type_section().len());
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(new.into_iter().map(Into::into).zip(found.into_iter().map(Into::into)));
        Ok(())
    }

    fn known(&self, essential: &str) -> Option<Arc<[u32]>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(essential).cloned()
    }

    fn index_pays(&self, btf: &Btf) -> bool {
        let len = btf.own_type_section().len();
        self.searched.load(Ordering::Relaxed) >= len.saturating_mul(SEARCHES)
    }

    fn count(&self, searched: usize) {
        self.searched.fetch_add(searched, Ordering::Relaxed);
    }

    /// Looks at the records from the first on; needs to know nothing of those behind
    /// the one that is sought.
    fn scan<'a>(&self, btf: &'a Btf, kind: Kind, name: &str) -> Result<Option<Record<'a>>, Error> {
        let mut records = btf.records();
        let mut end = 0;
        let mut found = None;
        while let Some(record) = records.next_record()? {
            end = record.offset as usize + record.bytes.len();
            if record.info.kind == kind && btf.string_is(record.name, name) {
                found = Some(record);
                break;
            }
        }
        self.count(end);
        Ok(found)
    }
}

/// The first record of this kind and name among those with these numbers, the last one first.
#[inline]
fn first<'a>(
    btf: &'a Btf,
    numbers: impl Iterator<Item = u32>,
    kind: Kind,
    name: &str,
) -> Result<Option<Record<'a>>, Error> {
    let mut first = None;
    for number in numbers {
        if let Some(record) = btf.own_record(number)? {
            if record.info.kind == kind && btf.string_is(record.name, name) {
                first = Some(record);
            }
        }
    }
    Ok(first)
}
