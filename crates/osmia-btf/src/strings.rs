//! A string section that grows, each string in it once.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

use crate::error::Error;
use crate::id::StrOff;
use crate::name_hash::NameHash;

/// The strings of a BTF that is being made.
#[derive(Clone, Debug)]
pub(crate) struct Strings {
    hash: NameHash,
    bytes: Vec<u8>,
    /// The offset of the first byte: where the base's strings end.
    first: u32,
    /// Offsets into `bytes` plus one, 0 being empty, by hash; at most half full.
    slots: Vec<u32>,
    filled: usize,
    /// Up to where `bytes` are in `slots`.
    indexed: usize,
}

impl Strings {
    /// Continues the strings of a base that end at `first`; 0 if there is none.
    pub fn new(first: u32) -> Self {
        // Whole sections begin with the empty string.
        let bytes = if first == 0 { vec![0] } else { Vec::new() };
        Self::of(bytes, first)
    }

    /// Takes up a section as it is.
    pub fn of(bytes: Vec<u8>, first: u32) -> Self {
        let hash = NameHash::new(RandomState::new().hash_one(first));
        Self { hash, bytes, first, slots: Vec::new(), filled: 0, indexed: 0 }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The offset of a string, which is put in if it is not there.
    pub fn add(&mut self, text: &[u8]) -> Result<StrOff, Error> {
        if text.is_empty() {
            return Ok(StrOff(0));
        }
        if text.contains(&0) {
            return Err(Error::Strings("cannot hold a NUL within a string"));
        }
        self.index();
        let slot = match self.find(text) {
            Ok(at) => return Ok(StrOff(self.first + at)),
            Err(slot) => slot,
        };
        let at = self.bytes.len();
        let end = (at + text.len()).saturating_add(self.first as usize + 1);
        if u32::try_from(end).is_err() {
            return Err(Error::Strings("would be larger than 4 GiB"));
        }
        self.bytes.extend_from_slice(text);
        self.bytes.push(0);
        self.indexed = self.bytes.len();
        self.fill(slot, at);
        Ok(StrOff(self.first + at as u32))
    }

    /// Takes strings into the table that were there before it.
    fn index(&mut self) {
        let mut at = self.indexed;
        while let Some(rest) = self.bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let end = at + memchr::memchr(0, rest).unwrap_or(rest.len());
            self.make_room();
            let text = self.bytes.get(at..end).unwrap_or_default();
            // Of equal strings the first stands for all.
            if let Err(slot) = self.find(text) {
                self.fill(slot, at);
            }
            at = end + 1;
        }
        self.indexed = at;
        self.make_room();
    }

    /// The offset of a string in `bytes`, or else the slot that it would be found by.
    fn find(&self, text: &[u8]) -> Result<u32, usize> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut slot = self.hash.of(text) as usize & mask;
        while let Some(at) = self.slots.get(slot).and_then(|at| at.checked_sub(1)) {
            let tail = self.bytes.get(at as usize..).unwrap_or_default();
            if tail.starts_with(text) && tail.get(text.len()) == Some(&0) {
                return Ok(at);
            }
            slot = (slot + 1) & mask;
        }
        Err(slot)
    }

    fn fill(&mut self, slot: usize, at: usize) {
        if let Some(free) = self.slots.get_mut(slot) {
            *free = at as u32 + 1;
            self.filled += 1;
        }
    }

    /// Keeps the table at most half full.
    fn make_room(&mut self) {
        if self.filled * 2 < self.slots.len() {
            return;
        }
        let size = (self.slots.len() * 2).max(64);
        let old = std::mem::replace(&mut self.slots, vec![0; size]);
        self.filled = 0;
        for at in old.into_iter().filter_map(|at| at.checked_sub(1)) {
            let tail = self.bytes.get(at as usize..).unwrap_or_default();
            let text = tail.get(..memchr::memchr(0, tail).unwrap_or(tail.len()));
            if let Err(slot) = self.find(text.unwrap_or_default()) {
                self.fill(slot, at as usize);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Strings;
    use crate::id::StrOff;

    #[test]
    fn each_string_once() {
        let mut strings = Strings::new(0);
        let names: Vec<String> = (0..1000).map(|n| format!("name{n}")).collect();
        let first: Vec<StrOff> = names.iter().map(|n| strings.add(n.as_bytes()).unwrap()).collect();
        let len = strings.bytes().len();
        let again: Vec<StrOff> = names.iter().map(|n| strings.add(n.as_bytes()).unwrap()).collect();
        assert_eq!(first, again);
        assert_eq!(strings.bytes().len(), len);
        assert_eq!(strings.add(b""), Ok(StrOff(0)));
        assert!(strings.add(b"a\0b").is_err());
    }

    #[test]
    fn what_was_there_is_found() {
        let mut strings = Strings::of(b"\0int\0char\0int\0".to_vec(), 0);
        assert_eq!(strings.add(b"int"), Ok(StrOff(1)));
        assert_eq!(strings.add(b"char"), Ok(StrOff(5)));
        assert_eq!(strings.add(b"har"), Ok(StrOff(14)));
        assert_eq!(strings.bytes(), b"\0int\0char\0int\0har\0");
    }

    #[test]
    fn offsets_continue_the_base() {
        let mut strings = Strings::new(100);
        assert_eq!(strings.add(b"a"), Ok(StrOff(100)));
        assert_eq!(strings.add(b"b"), Ok(StrOff(102)));
        assert_eq!(strings.add(b""), Ok(StrOff(0)));
    }
}
