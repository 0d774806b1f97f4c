//! Where each record of a type section begins.

use crate::records::{Record, Records};

/// One record of so many is marked. Walking past the others costs less than the memory, and
/// the caches, that a mark for each would take.
const STRIDE: u32 = 4;

/// Where every few records begin; those between are found by walking on from there.
#[derive(Debug)]
pub(crate) struct Marks {
    offsets: Vec<u32>,
    count: u32,
}

impl Marks {
    /// None yet, of a type section of so many bytes.
    pub fn for_section(len: usize) -> Self {
        // Kernel BTF has some 25 bytes per record; a first guess that seldom grows.
        Self { offsets: Vec::with_capacity(len / (24 * STRIDE as usize)), count: 0 }
    }

    /// Takes up the next record.
    #[inline]
    pub fn add(&mut self, offset: u32) {
        if self.count % STRIDE == 0 {
            self.offsets.push(offset);
        }
        self.count += 1;
    }

    /// How many records there are.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The record with this number, counted from the section's first.
    #[inline]
    pub fn record<'a>(&self, section: Records<'a>, number: u32) -> Option<Record<'a>> {
        if number >= self.count {
            return None;
        }
        let offset = *self.offsets.get((number / STRIDE) as usize)?;
        let mut records = section.from(number - number % STRIDE, offset);
        for _ in 0..number % STRIDE {
            records.pass()?;
        }
        // All of them were met before, so that none of them is broken.
        records.next_record().ok()?
    }
}
