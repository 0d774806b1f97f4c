//! Names to types: one table over a blob's own records.

use crate::btf::Btf;
use crate::error::Error;
use crate::name_hash::NameHash;
use crate::records::HEAD;

/// No record: the end of a chain. No record's number has all bits set.
const END: u32 = u32::MAX;
/// One chain for so many bytes of records. In a kernel's BTF that is one for each name.
const BYTES_PER_CHAIN: usize = 64;

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
        let len = btf.own_type_section().len();
        let chains = (len / BYTES_PER_CHAIN).next_power_of_two().clamp(8, 1 << 24);
        let mut index = Self {
            hash: NameHash::random(),
            last: vec![END; chains].into_boxed_slice(),
            before: Vec::with_capacity(len / 24),
            shift: 32 - chains.trailing_zeros(),
            number_bits: (len / HEAD + 2).next_power_of_two().trailing_zeros(),
        };
        btf.walk(|record| {
            let hash = btf.essential_hash(record.name, index.hash);
            index.add(hash);
        })?;
        Ok(index)
    }

    /// Takes up the next record, which has a name of this hash if it has any.
    #[inline]
    fn add(&mut self, hash: Option<u32>) {
        let number = self.before.len() as u32;
        let last = hash.and_then(|hash| self.last.get_mut((hash >> self.shift) as usize));
        let before = match (hash, last) {
            (Some(hash), Some(last)) => {
                let link = hash << self.number_bits | number;
                std::mem::replace(last, link)
            }
            _ => END,
        };
        self.before.push(before);
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
