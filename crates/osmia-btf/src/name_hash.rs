//! Finding a name's end and hashing it in one pass.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

use crate::flavour::essential_name;

const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;
const UNDERSCORES: u64 = ONES * b'_' as u64;

/// Hashes names, eight bytes at a time. The seed is chosen anew for each table, so
/// that nobody can make names that all fall into one place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NameHash {
    seed: u64,
}

impl NameHash {
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// A hash whose seed nobody knows.
    pub fn random() -> Self {
        Self::new(RandomState::new().hash_one(FACTOR))
    }

    /// The hash of a name.
    #[inline]
    pub fn of(self, name: &[u8]) -> u32 {
        let mut state = self.seed;
        for word in name.chunks_exact(8).filter_map(<[u8]>::first_chunk) {
            state = step(state, u64::from_le_bytes(*word));
        }
        finish(step(state, last_word(name)))
    }

    /// The hash of the essential part of a name.
    #[inline]
    pub fn of_essential_part(self, name: &[u8]) -> u32 {
        let mut state = self.seed;
        let mut runs = Runs::default();
        for word in name.chunks_exact(8).filter_map(<[u8]>::first_chunk) {
            let word = u64::from_le_bytes(*word);
            runs.see(word);
            state = step(state, word);
        }
        let last = last_word(name);
        runs.see(last);
        if runs.found == 0 { finish(step(state, last)) } else { self.of(essential_name(name)) }
    }

    /// The hash of the whole name that begins here and ends with NUL. `None` if the name is
    /// empty, or nothing ends it within `limit` bytes or a few more.
    #[inline]
    pub fn of_first(self, tail: &[u8], limit: usize) -> Option<u32> {
        let mut state = self.seed;
        let mut rest = tail;
        while let Some((chunk, behind)) = rest.split_first_chunk() {
            let word = u64::from_le_bytes(*chunk);
            let nul = zero_bytes(word);
            if nul != 0 {
                let kept = word & ((nul & nul.wrapping_neg()) - 1);
                let is_empty = kept == 0 && rest.len() == tail.len();
                return (!is_empty).then(|| finish(step(state, kept)));
            }
            state = step(state, word);
            rest = behind;
            if tail.len() - rest.len() > limit {
                return None;
            }
        }
        self.of_last(tail)
    }

    /// Of one in the last bytes of a string section.
    #[cold]
    fn of_last(self, tail: &[u8]) -> Option<u32> {
        let name = tail.get(..memchr::memchr(0, tail)?)?;
        (!name.is_empty()).then(|| self.of(name))
    }
}

/// Looks for three underscores in a row, which may be what separates a flavour.
#[derive(Clone, Copy, Default)]
struct Runs {
    found: u64,
    /// The underscores of the word before.
    before: u64,
}

impl Runs {
    #[inline]
    fn see(&mut self, word: u64) {
        let underscores = zero_bytes(word ^ UNDERSCORES);
        let second = underscores << 8 | self.before >> 56;
        let third = underscores << 16 | self.before >> 48;
        self.found |= underscores & second & third;
        self.before = underscores;
    }
}

/// What is left of a name behind its last whole word, zeros behind it.
#[inline]
fn last_word(name: &[u8]) -> u64 {
    let rest = name.len() % 8;
    match name.last_chunk() {
        _ if rest == 0 => 0,
        Some(last) => u64::from_le_bytes(*last) >> (64 - rest * 8),
        None => name.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)),
    }
}

/// The highest bit of each byte that is zero. Bytes above the first zero byte may be
/// marked though they are not zero, if they are one.
#[inline]
const fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

#[inline]
const fn step(state: u64, word: u64) -> u64 {
    (state.rotate_left(23) ^ word).wrapping_mul(FACTOR)
}

/// The upper half of a product is its better one.
#[inline]
const fn finish(state: u64) -> u32 {
    (state >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::NameHash;
    use crate::flavour::essential_name;

    #[test]
    fn one_pass_is_as_good_as_two() {
        let names = [
            "a",
            "ab_cdef",
            "abcdefg",
            "abcdefgh",
            "abcdefghi",
            "abcdefgh___x",
            "abcdefg___xyz",
            "ab___c",
            "a__b",
            "__x",
            "x____y",
            "task_struct___old",
            "iov_iter__new",
            "_______",
            "sixteen_letters_",
            "twenty_four_letters_here",
            "a\u{60}b",
            "_^`_`^_",
            "ab__c___d",
        ];
        for seed in [0, 1, 0xdead_beef_0123_4567] {
            let hash = NameHash::new(seed);
            for name in names {
                for padding in [0, 1, 7, 8, 20] {
                    let mut tail = name.as_bytes().to_vec();
                    tail.push(0);
                    tail.extend(std::iter::repeat_n(b'_', padding));
                    let essential = essential_name(name.as_bytes());
                    assert_eq!(hash.of_first(&tail, 100), Some(hash.of(name.as_bytes())), "{name}");
                    assert_eq!(hash.of_essential_part(name.as_bytes()), hash.of(essential));
                }
            }
        }
    }

    #[test]
    fn no_name() {
        let hash = NameHash::new(1);
        assert_eq!(hash.of_first(b"\0abcdefghijk", 100), None);
        assert_eq!(hash.of_first(b"\0", 100), None);
        assert_eq!(hash.of_first(b"", 100), None);
        assert_eq!(hash.of_first(b"abc", 100), None);
        assert_eq!(hash.of_first(&[b'a'; 1000], 100), None);
    }
}
