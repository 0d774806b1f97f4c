//! A search for a few names in one walk, which needs no index.

use memchr::memmem;

use crate::btf::Btf;
use crate::error::Error;
use crate::flavour::essential_name;
use crate::id::StrOff;
use crate::name_hash::NameHash;

/// Up to so many names it is cheaper to find where they stand among the strings than to hash
/// the name of every record.
const FEW: usize = 8;
/// In so many bytes of types, an object's, it is cheaper still to compare first bytes.
const SMALL: usize = 128 << 10;
/// More places than this, those inside of other names included, are no kernel's strings.
const MOST_PLACES: usize = 4096;
/// A name that is not shorter stands in so few others that it is looked for once, whatever is behind it.
const LONG: usize = 8;
/// Bits of a filter that nearly all records fail at.
const FILTER: usize = 4096;

/// The numbers of the records of the blob itself that have each of these essential names, in
/// the order of ids.
pub(crate) fn search(btf: &Btf, names: &[&str]) -> Result<Vec<Vec<u32>>, Error> {
    let few = names.len() <= FEW;
    if few && btf.own_type_section().len() <= SMALL {
        let firsts = names.iter().filter_map(|name| name.bytes().next()).map(u32::from);
        let sought = Sought::new(firsts.zip(0..).collect());
        let first = |at| btf.tail_of(at)?.first().copied().map(u32::from);
        return walk(btf, names, &sought, first, is_essential);
    }
    if let Some(places) = few.then(|| by_place(btf, names)).flatten() {
        // What stands at a place was compared already.
        return walk(btf, names, &Sought::new(places), |at| Some(at.0), |_, _, _| true);
    }
    let hash = NameHash::random();
    let hashes = names.iter().map(|name| hash.of(name.as_bytes()));
    let (sought, hasher) = (Sought::new(hashes.zip(0..).collect()), btf.name_hasher(hash));
    walk(btf, names, &sought, |at| hasher.at(at), is_essential)
}

/// Looks at all records: at the keys of their names, and whether these are what the keys stand for.
#[inline]
fn walk(
    btf: &Btf,
    names: &[&str],
    sought: &Sought,
    key: impl Fn(StrOff) -> Option<u32>,
    is: impl Fn(&Btf, StrOff, &str) -> bool,
) -> Result<Vec<Vec<u32>>, Error> {
    let (mut likely, mut number) = (Vec::new(), 0);
    btf.walk(|_, at| {
        if let Some(key) = key(at).filter(|&key| sought.may_have(key)) {
            likely.push((number, at, key));
        }
        number += 1;
    })?;
    let mut found = vec![Vec::new(); names.len()];
    for (number, at, key) in likely {
        for name in sought.names_of(key) {
            if let (Some(list), Some(name)) = (found.get_mut(name), names.get(name)) {
                if is(btf, at, name) {
                    list.push(number);
                }
            }
        }
    }
    Ok(found)
}

/// What is looked for: keys, which are first bytes of names, their places or hashes, with the number
/// of the name that each stands for.
struct Sought {
    /// Sorted.
    keys: Vec<(u32, usize)>,
    filter: [u64; FILTER / 64],
}

impl Sought {
    fn new(mut keys: Vec<(u32, usize)>) -> Self {
        keys.sort_unstable();
        let mut filter = [0; FILTER / 64];
        for &(key, _) in &keys {
            let (word, bit) = bit(key);
            if let Some(word) = filter.get_mut(word) {
                *word |= bit;
            }
        }
        Self { keys, filter }
    }

    /// Whether a key may stand for names; nearly all others do not get through.
    #[inline]
    fn may_have(&self, key: u32) -> bool {
        let (word, bit) = bit(key);
        self.filter.get(word).is_some_and(|word| word & bit != 0)
    }

    /// The names that a key stands for.
    fn names_of(&self, key: u32) -> impl Iterator<Item = usize> + '_ {
        let start = self.keys.partition_point(|&(other, _)| other < key);
        let keys = self.keys.get(start..).unwrap_or_default().iter();
        keys.take_while(move |(other, _)| *other == key).map(|&(_, name)| name)
    }
}

/// The place of a key in the filter.
#[inline]
fn bit(key: u32) -> (usize, u64) {
    let at = key.wrapping_mul(0x9e37_79b1) as usize / (1 << (32 - FILTER.trailing_zeros()));
    (at / 64, 1 << (at % 64))
}

/// Where the names stand among the strings; `None` if that is at too many places.
fn by_place(btf: &Btf, names: &[&str]) -> Option<Vec<(u32, usize)>> {
    let (mut keys, mut looked_at) = (Vec::new(), 0);
    for (number, name) in names.iter().enumerate() {
        let ends = if name.len() < LONG { &["\0", "___"][..] } else { &[""] };
        for end in ends {
            for part in std::iter::successors(Some(btf), |btf| btf.base()) {
                for at in places(part, &format!("{name}{end}")) {
                    looked_at += 1;
                    if looked_at > MOST_PLACES {
                        return None;
                    }
                    if is_essential(btf, at, name) {
                        keys.push((at.0, number));
                    }
                }
            }
        }
    }
    Some(keys)
}

/// Where these bytes stand among a blob's own strings. That may be the end of a longer string,
/// which counts: strings may share their ends.
fn places(btf: &Btf, text: &str) -> impl Iterator<Item = StrOff> {
    let finder = memmem::Finder::new(text).into_owned();
    let (strings, first) = (btf.own_strings(), btf.first_own_string());
    let mut next = 0;
    std::iter::from_fn(move || {
        let at = next + finder.find(strings.get(next..)?)?;
        next = at + 1;
        Some(StrOff(first.0.saturating_add(at as u32)))
    })
}

/// Whether the string at a place is this one, or that with a flavour.
pub(crate) fn is_essential(btf: &Btf, at: StrOff, name: &str) -> bool {
    // Most differ before anything has to look for their ends.
    btf.tail_of(at).is_some_and(|tail| tail.starts_with(name.as_bytes()))
        && btf.short_string(at).is_some_and(|found| essential_name(found) == name.as_bytes())
}
