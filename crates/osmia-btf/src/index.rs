//! Names to types: one table over a blob's own records.

use crate::btf::Btf;
use crate::error::Error;
use crate::name_hash::NameHash;
use crate::records::HEAD;

/// One chain for so many bytes of records. In a kernel's BTF that is one for two names: the first
/// touch of more of them costs more than longer chains do.
const BYTES_PER_CHAIN: usize = 128;
/// Names taken up at once.
const BATCH: usize = 32;

/// All named records by the hash of their *essential* name (without a flavour), so
/// that one table answers both exact look-ups and CO-RE's search for candidates.
///
/// Records whose hashes begin alike form a chain, so that building takes one step for each of
/// them even if all have the same name. A link holds the number of the record that it leads to,
/// whether that is the last one of its chain, and some bits of its hash, so that next to nothing
/// but what is sought is looked at.
pub(crate) struct Index {
    hash: NameHash,
    /// The link to the last record of each chain; 0 if there is none.
    last: Box<[u32]>,
    /// For each record the link to the one before it in its chain.
    before: Vec<u32>,
    /// How far a hash is shifted to give its chain.
    shift: u32,
    /// How many bits of a link are the record's number plus one. The next one says whether the chain goes
    /// on behind the record, those above are of the hash.
    number_bits: u32,
}

impl Index {
    /// Walks all records of the blob itself.
    pub fn build(btf: &Btf) -> Result<Self, Error> {
        let len = btf.own_type_section().len();
        let chains = (len / BYTES_PER_CHAIN).next_power_of_two().clamp(8, 1 << 24);
        let mut index = Self {
            hash: NameHash::random(),
            last: vec![0; chains].into_boxed_slice(),
            before: Vec::with_capacity(len / 24),
            shift: 32 - chains.trailing_zeros(),
            number_bits: (len / HEAD + 2).next_power_of_two().trailing_zeros(),
        };
        // Chains are at places that are mostly not in the cache; several are fetched at once if
        // nothing comes between.
        let mut batch = [(0, 0); BATCH];
        let mut filled = 0;
        let hasher = btf.name_hasher(index.hash);
        btf.walk(|_, name| {
            let number = index.before.len() as u32;
            index.before.push(0);
            let Some(hash) = hasher.at(name) else { return };
            if let Some(place) = batch.get_mut(filled) {
                *place = (hash, number);
                filled += 1;
            }
            if filled == BATCH {
                index.add(&batch);
                filled = 0;
            }
        })?;
        index.add(batch.get(..filled).unwrap_or_default());
        Ok(index)
    }

    /// Takes up records by the hashes of their names and their numbers.
    #[inline]
    fn add(&mut self, batch: &[(u32, u32)]) {
        for &(hash, number) in batch {
            let last = self.last.get_mut((hash >> self.shift) as usize);
            if let (Some(last), Some(before)) = (last, self.before.get_mut(number as usize)) {
                let goes_on = u32::from(*last != 0);
                *before = *last;
                *last = (hash << 1 | goes_on) << self.number_bits | (number + 1);
            }
        }
    }

    /// The numbers of the records that may have the same essential name as this one, the last
    /// one first: all that have it, and seldom another.
    #[inline]
    pub fn likely<'a>(&'a self, name: &str) -> impl Iterator<Item = u32> + use<'a> {
        let hash = self.hash.of_essential_part(name.as_bytes());
        let goes_on = 1 << self.number_bits;
        let tag_bits = u32::MAX << self.number_bits << 1;
        let tag = hash << self.number_bits << 1;
        let mut next = self.last.get((hash >> self.shift) as usize).filter(|&&link| link != 0);
        std::iter::from_fn(move || {
            while let Some(&link) = next {
                let number = (link & (goes_on - 1)).wrapping_sub(1);
                next = if link & goes_on == 0 { None } else { self.before.get(number as usize) };
                if link & tag_bits == tag {
                    return Some(number);
                }
            }
            None
        })
    }
}
