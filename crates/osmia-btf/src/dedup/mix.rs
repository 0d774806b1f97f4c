//! A hash wide enough to tell types apart.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

const FACTORS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xc2b2_ae3d_27d4_eb4f];

/// Where all hashes of one merge begin. It is chosen anew for each, so that nobody can
/// make types that only look the same.
#[derive(Clone, Copy)]
pub(super) struct Seed([u64; 2]);

impl Seed {
    pub fn new() -> Self {
        Self(FACTORS.map(|factor| RandomState::new().hash_one(factor)))
    }

    pub fn mix(self) -> Mix {
        Mix(self.0)
    }
}

/// A hash that grows word by word.
#[derive(Clone, Copy)]
pub(super) struct Mix([u64; 2]);

impl Mix {
    #[inline]
    pub fn word(&mut self, word: u64) {
        for (lane, factor) in self.0.iter_mut().zip(FACTORS) {
            let mixed = (lane.rotate_left(29) ^ word).wrapping_mul(factor);
            *lane = mixed ^ mixed >> 32;
        }
    }

    pub fn wide(&mut self, word: u128) {
        self.word(word as u64);
        self.word((word >> 64) as u64);
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            for (to, from) in word.iter_mut().zip(chunk) {
                *to = *from;
            }
            self.word(u64::from_le_bytes(word));
        }
    }

    /// The hash; never 0, which stands for none.
    pub fn finish(self) -> u128 {
        let [a, b] = self.0;
        (u128::from(a) << 64 | u128::from(b)).max(1)
    }
}
