//! Names to types: one table over a blob's own records.

use crate::btf::Btf;
use crate::error::Error;
use crate::name_hash::NameHash;
use crate::records::HEAD;

/// No record: the end of a chain. No record's number has all bits set.
const END: u32 = u32::MAX;
/// One chain for so many bytes of records. In a kernel's BTF that is one for each name.
const BYTES_PER_CHAIN: usize = 64;

/// Hashes of names and the numbers of the records that have them. Chains are at places that are
/// mostly not in the cache; several are fetched at once if nothing comes between.
struct Batch {
    names: [(u32, u32); 32],
    len: usize,
}

impl Default for Batch {
    fn default() -> Self {
        Self { names: [(0, 0); 32], len: 0 }
    }
}

impl Batch {
    /// Adds a name; whether there is room for no more.
    #[inline]
    fn put(&mut self, hash: u32, number: u32) -> bool {
        if let Some(place) = self.names.get_mut(self.len) {
            *place = (hash, number);
            self.len += 1;
        }
        self.len == self.names.len()
    }
}

/// All named records by the hash of their *essential* name (without a flavour), so
/// that one table answers both exact look-ups and CO-RE's search for candidates.
///
/// Records whose hashes begin alike form a chain, so that building takes one step for each of
/// them even if all have the same name. Links hold some bits of the hash of the record that they
/// lead to, so that next to none but those sought are looked at.
pub(crate) struct Index {
    hash: NameHash,
    /// The link to the last record of each chain.
    last: Box<[u32]>,
    /// For each record the link to the one before it in its chain.
    before: Vec<u32>,
    /// How far a hash is shifted to give its chain.
    shift: u32,
    /// How many bits of a link are the record's number.
    number_bits: u32,
}

impl Index {
    /// Walks all records of the blob itself.
    pub fn build(btf: &Btf) -> Result<Self, Error> {
        let (len, first) = (btf.own_type_section().len(), btf.first_own_id());
        let chains = (len / BYTES_PER_CHAIN).next_power_of_two().clamp(8, 1 << 24);
        let mut index = Self {
            hash: NameHash::random(),
            last: vec![END; chains].into_boxed_slice(),
            before: Vec::with_capacity(len / 24),
            shift: 32 - chains.trailing_zeros(),
            number_bits: (len / HEAD + 2).next_power_of_two().trailing_zeros(),
        };
        let mut batch = Batch::default();
        let hasher = btf.name_hasher(index.hash);
        btf.walk(|record| {
            index.before.push(END);
            if let Some(hash) = hasher.at(record.name) {
                if batch.put(hash, record.id.0 - first.0) {
                    index.add(&mut batch);
                }
            }
        })?;
        index.add(&mut batch);
        Ok(index)
    }

    /// Takes up the next records that have names.
    #[inline]
    fn add(&mut self, batch: &mut Batch) {
        for &(hash, number) in batch.names.iter().take(batch.len) {
            let last = self.last.get_mut((hash >> self.shift) as usize);
            if let (Some(last), Some(before)) = (last, self.before.get_mut(number as usize)) {
                *before = std::mem::replace(last, hash << self.number_bits | number);
            }
        }
        batch.len = 0;
    }

    /// The numbers of the records that may have the same essential name as this one, the last
    /// one first: all that have it, and seldom another.
    #[inline]
    pub fn likely<'a>(&'a self, name: &str) -> impl Iterator<Item = u32> + use<'a> {
        let hash = self.hash.of_essential_part(name.as_bytes());
        let mask = u32::MAX << self.number_bits;
        let tag = hash << self.number_bits;
        let mut link = self.last.get((hash >> self.shift) as usize).copied().unwrap_or(END);
        std::iter::from_fn(move || {
            while link != END {
                let (number, fits) = (link & !mask, link & mask == tag);
                link = self.before.get(number as usize).copied().unwrap_or(END);
                if fits {
                    return Some(number);
                }
            }
            None
        })
    }
}
