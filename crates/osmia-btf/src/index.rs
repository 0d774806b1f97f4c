//! Names to types: one open-addressing table over a blob's own records.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

use crate::btf::Btf;
use crate::flavour::essential_name;
use crate::id::TypeId;
use crate::name_hash::NameHash;

/// No record: the end of a chain.
const END: u32 = u32::MAX;

/// All named records by the hash of their *essential* name (without a flavour), so
/// that one table answers both exact look-ups and CO-RE's search for candidates.
///
/// Records of one hash form a chain, so that building takes one step for each of them
/// even if all have the same name.
pub(crate) struct Index {
    hash: NameHash,
    /// A hash, and the last record that has it.
    slots: Box<[Slot]>,
    /// For each record the one before it in its chain.
    before: Box<[u32]>,
    /// How far a hash is shifted to give its place.
    shift: u32,
}

#[derive(Clone, Copy)]
struct Slot {
    hash: u32,
    last: u32,
}

impl Index {
    pub fn build(btf: &Btf, offsets: &[u32]) -> Self {
        let hash = NameHash::new(RandomState::new().hash_one(offsets.len()));
        // Hashes come first, and the chains replace them: the names are read in the
        // order of memory, and the table is sized by how many there are.
        let mut before = vec![0; offsets.len()].into_boxed_slice();
        let mut named = 0usize;
        for (&offset, out) in offsets.iter().zip(&mut before) {
            let found = btf.essential_hash(offset, hash);
            *out = found.unwrap_or(END);
            named += usize::from(found.is_some());
        }
        let bits = (named + named / 4 + 1).next_power_of_two().trailing_zeros().max(3);
        let slots = vec![Slot { hash: 0, last: END }; 1 << bits].into_boxed_slice();
        let mut index = Self { hash, slots, before, shift: 32 - bits };
        for record in 0..offsets.len() {
            index.insert(record);
        }
        index
    }

    fn insert(&mut self, record: usize) {
        let Some(&hash) = self.before.get(record).filter(|&&hash| hash != END) else { return };
        let at = self.place(hash);
        if let (Some(slot), Some(before)) = (self.slots.get_mut(at), self.before.get_mut(record)) {
            *before = slot.last;
            *slot = Slot { hash, last: record as u32 };
        }
    }

    /// The slot that has this hash, or the free one that it would take. There is one:
    /// the table has more slots than names.
    fn place(&self, hash: u32) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = (hash >> self.shift) as usize;
        while self.slots.get(at).is_some_and(|slot| slot.last != END && slot.hash != hash) {
            at = (at + 1) & mask;
        }
        at
    }

    /// The records whose name is exactly `name`, in the order of ids.
    pub fn exact(&self, btf: &Btf, name: &str) -> Vec<TypeId> {
        self.matching(btf, essential_name(name.as_bytes()), |offset| {
            btf.record_is_named(offset, name)
        })
    }

    /// The records whose essential name is `name`, in the order of ids.
    pub fn essential(&self, btf: &Btf, name: &str) -> Vec<TypeId> {
        self.matching(btf, name.as_bytes(), |offset| {
            let found = btf.name_at(offset).and_then(|at| btf.string_bytes(at));
            found.is_some_and(|found| essential_name(found) == name.as_bytes())
        })
    }

    fn matching(&self, btf: &Btf, essential: &[u8], is: impl Fn(u32) -> bool) -> Vec<TypeId> {
        let offsets = btf.offsets().unwrap_or_default();
        let slot = self.slots.get(self.place(hash_of(self.hash, essential)));
        let mut record = slot.map_or(END, |slot| slot.last);
        let mut ids = Vec::new();
        while let Some(&offset) = offsets.get(record as usize) {
            if is(offset) {
                ids.push(TypeId(btf.first_own_id().0 + record));
            }
            record = self.before.get(record as usize).copied().unwrap_or(END);
        }
        ids.reverse();
        ids
    }
}

/// A hash that is never the mark of a nameless record.
fn hash_of(hash: NameHash, name: &[u8]) -> u32 {
    hash.of(name).min(END - 1)
}
