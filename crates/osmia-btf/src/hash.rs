//! A hasher for maps of short names and small numbers, where speed and spread are all that counts.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Multiplicative, eight bytes at a time.
#[inline]
fn mix(seed: u64, name: &[u8]) -> u64 {
    let mut state = seed;
    let words = name.chunks_exact(8);
    let rest = words.remainder();
    for word in words.filter_map(|word| word.first_chunk()) {
        state = step(state, u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    step(state, u64::from_le_bytes(last))
}

#[inline]
fn step(state: u64, word: u64) -> u64 {
    (state.rotate_left(23) ^ word).wrapping_mul(FACTOR)
}

/// Makes hash maps of names and ids fast. Each one has a seed of its own, so that
/// nobody can choose names that all fall into one place.
#[derive(Clone)]
pub(crate) struct Quick {
    seed: u64,
}

impl Default for Quick {
    fn default() -> Self {
        Self { seed: RandomState::new().hash_one(FACTOR) }
    }
}

impl BuildHasher for Quick {
    type Hasher = QuickHasher;

    fn build_hasher(&self) -> QuickHasher {
        QuickHasher(self.seed)
    }
}

pub(crate) struct QuickHasher(u64);

impl Hasher for QuickHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = mix(self.0 ^ bytes.len() as u64, bytes);
    }

    // The end of a string, whose length is in the hash already.
    fn write_u8(&mut self, byte: u8) {
        self.0 ^= u64::from(byte);
    }

    fn write_u32(&mut self, word: u32) {
        self.0 = step(self.0, u64::from(word));
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = step(self.0, word);
    }

    fn finish(&self) -> u64 {
        // A product's upper half is its better one; tables look at the lower.
        self.0 ^ self.0 >> 32
    }
}
