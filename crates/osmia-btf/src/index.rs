//! Names to types: one open-addressing table over a blob's own records.

use crate::btf::Btf;
use crate::flavour::essential_name;
use crate::hash::hash;
use crate::id::{StrOff, TypeId};

/// All named records by the hash of their *essential* name (without a flavour), so
/// that one table answers both exact look-ups and CO-RE's search for candidates.
///
/// A slot is an index into the record offsets plus one, 0 being empty. The table is
/// at most half full, so a chain of equal or colliding names ends.
pub(crate) struct Index {
    slots: Box<[u32]>,
}

impl Index {
    pub fn build(btf: &Btf, offsets: &[u32]) -> Self {
        let capacity = (offsets.len() * 2).next_power_of_two().max(8);
        let mut slots = vec![0u32; capacity].into_boxed_slice();
        let mask = capacity - 1;
        for (at, &offset) in offsets.iter().enumerate() {
            let name = btf.name_at(offset).and_then(|name| named(btf, name));
            let Some(name) = name else { continue };
            let mut slot = hash(essential_name(name)) as usize & mask;
            while slots.get(slot).is_some_and(|&taken| taken != 0) {
                slot = (slot + 1) & mask;
            }
            if let Some(free) = slots.get_mut(slot) {
                *free = at as u32 + 1;
            }
        }
        Self { slots }
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
        let mask = self.slots.len() - 1;
        let mut slot = hash(essential) as usize & mask;
        let mut ids = Vec::new();
        while let Some(at) = self.slots.get(slot).and_then(|at| at.checked_sub(1)) {
            if offsets.get(at as usize).is_some_and(|&offset| is(offset)) {
                ids.push(TypeId(btf.first_own_id().0 + at));
            }
            slot = (slot + 1) & mask;
        }
        // Chains are in the order of insertion but for those that wrap around.
        ids.sort_unstable();
        ids
    }
}

fn named(btf: &Btf, at: StrOff) -> Option<&[u8]> {
    btf.string_bytes(at).filter(|name| !name.is_empty())
}
