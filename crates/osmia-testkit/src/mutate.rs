//! Damaged copies of bytes, the same ones in every run.

use std::{
    fmt,
    io::{self, Write as _},
    thread,
};

/// A damaged copy.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// The bytes.
    pub bytes: Vec<u8>,
    seed: u64,
    number: usize,
    damage: Vec<Damage>,
}

/// One thing done to the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Damage {
    /// A bit turned over.
    Flip { at: usize, bit: u32 },
    /// A byte replaced.
    Byte { at: usize, value: u8 },
    /// A number of 1, 2, 4 or 8 bytes replaced by a value that sizes, counts and offsets go wrong with.
    Number { at: usize, width: usize, value: u64 },
    /// Everything from here cut off.
    Truncate { at: usize },
    /// A range copied over another.
    Splice { from: usize, to: usize, length: usize },
    /// A range taken out.
    Remove { at: usize, length: usize },
    /// A range doubled.
    Double { at: usize, length: usize },
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mutant {} of seed {}: {:?}", self.number, self.seed, self.damage)
    }
}

/// Runs `check` on `count` mutants of `original`, and names the one at which it panicked, if it did.
pub fn each(original: &[u8], seed: u64, count: usize, mut check: impl FnMut(&Mutant)) {
    for mutant in mutants(original, seed).take(count) {
        let _named = Named(&mutant);
        check(&mutant);
    }
}

/// The endless row of mutants of `original` that `seed` starts.
pub fn mutants(original: &[u8], seed: u64) -> impl Iterator<Item = Mutant> + '_ {
    let mut random = Random(seed);
    (0..).map(move |number| {
        let mut mutant = Mutant { bytes: original.to_vec(), seed, number, damage: Vec::new() };
        // Mostly one wound, which parsers get deepest with; now and then a few.
        let wounds = if random.below(4) == 0 { 2 + random.below(4) } else { 1 };
        for _ in 0..wounds {
            let damage = Damage::any(&mut random, mutant.bytes.len());
            damage.apply(&mut mutant.bytes);
            mutant.damage.push(damage);
        }
        mutant
    })
}

impl Damage {
    fn any(random: &mut Random, length: usize) -> Self {
        let at = random.below(length);
        match random.below(10) {
            0..=1 => Self::Flip { at, bit: random.below(8) as u32 },
            2 => Self::Byte { at, value: random.next() as u8 },
            3..=6 => Self::number(random, at, length),
            7 => Self::Truncate { at },
            8 => Self::Splice { from: random.below(length), to: at, length: random.range(length) },
            _ if random.below(2) == 0 => Self::Remove { at, length: random.range(length) },
            _ => Self::Double { at, length: random.range(length) },
        }
    }

    fn number(random: &mut Random, at: usize, length: usize) -> Self {
        let width = 1 << random.below(4);
        let near = (length as u64).wrapping_add(random.next() % 17).wrapping_sub(8);
        let values =
            [0, 1, 2, 3, 4, 7, 8, near, 1 << 31, (1 << 31) - 1, 1 << 63, u64::MAX, u64::MAX - 1];
        let value = values.get(random.below(values.len())).copied().unwrap_or(near);
        // Fields are aligned more often than not.
        Self::Number { at: at - at % width, width, value }
    }

    fn apply(self, bytes: &mut Vec<u8>) {
        match self {
            Self::Flip { at, bit } => replace(bytes, at, |byte| byte ^ (1 << bit)),
            Self::Byte { at, value } => replace(bytes, at, |_| value),
            Self::Number { at, width, value } => {
                for (offset, new) in value.to_le_bytes().into_iter().take(width).enumerate() {
                    replace(bytes, at + offset, |_| new);
                }
            }
            Self::Truncate { at } => bytes.truncate(at),
            Self::Splice { from, to, length } => {
                let piece: Vec<u8> = bytes.iter().skip(from).take(length).copied().collect();
                for (offset, new) in piece.into_iter().enumerate() {
                    replace(bytes, to + offset, |_| new);
                }
            }
            Self::Remove { at, length } => {
                let end = at.saturating_add(length).min(bytes.len());
                bytes.drain(at.min(end)..end);
            }
            Self::Double { at, length } => {
                let piece: Vec<u8> = bytes.iter().skip(at).take(length).copied().collect();
                let at = at.min(bytes.len());
                bytes.splice(at..at, piece);
            }
        }
    }
}

fn replace(bytes: &mut [u8], at: usize, new: impl FnOnce(u8) -> u8) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte = new(*byte);
    }
}

/// Says which mutant it was if the check panics.
struct Named<'a>(&'a Mutant);

impl Drop for Named<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            let said = writeln!(io::stderr(), "{}", self.0);
            drop(said);
        }
    }
}

/// Sebastiano Vigna's splitmix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, or 0.
    fn below(&mut self, limit: usize) -> usize {
        let limit = (limit as u64).max(1);
        usize::try_from(self.next() % limit).unwrap_or(0)
    }

    /// A length: short more often than long.
    fn range(&mut self, length: usize) -> usize {
        let most = if self.below(2) == 0 { 16 } else { length };
        1 + self.below(most)
    }
}

#[cfg(test)]
mod tests {
    use super::{Damage, each, mutants};

    #[test]
    fn the_same_every_time() {
        let bytes: Vec<u8> = (0..=255).collect();
        let first: Vec<_> = mutants(&bytes, 7).take(100).map(|m| m.bytes).collect();
        let second: Vec<_> = mutants(&bytes, 7).take(100).map(|m| m.bytes).collect();
        let other: Vec<_> = mutants(&bytes, 8).take(100).map(|m| m.bytes).collect();
        assert_eq!(first, second);
        assert_ne!(first, other);
    }

    #[test]
    fn most_differ_from_the_original() {
        let bytes: Vec<u8> = (0..=255).collect();
        let differ = mutants(&bytes, 1).take(1000).filter(|m| m.bytes != bytes).count();
        assert!(differ > 900, "{differ}");
    }

    #[test]
    fn every_kind_of_damage_occurs() {
        let bytes = [0x5a; 64];
        let damage: Vec<_> = mutants(&bytes, 1).take(1000).flat_map(|m| m.damage).collect();
        let has = |kind: fn(&Damage) -> bool| damage.iter().any(kind);
        assert!(has(|d| matches!(d, Damage::Flip { .. })));
        assert!(has(|d| matches!(d, Damage::Byte { .. })));
        assert!(has(|d| matches!(d, Damage::Number { width: 8, .. })));
        assert!(has(|d| matches!(d, Damage::Truncate { .. })));
        assert!(has(|d| matches!(d, Damage::Splice { .. })));
        assert!(has(|d| matches!(d, Damage::Remove { .. })));
        assert!(has(|d| matches!(d, Damage::Double { .. })));
    }

    #[test]
    fn nothing_can_be_done_to_no_bytes() {
        let mut seen = 0;
        each(&[], 3, 50, |mutant| {
            assert!(mutant.bytes.is_empty());
            seen += 1;
        });
        assert_eq!(seen, 50);
    }
}
