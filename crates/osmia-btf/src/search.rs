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
/// More places than this, those inside of other names included, are no kernel's strings.
const MOST_PLACES: usize = 4096;
/// Bits of a filter that nearly all records fail at.
const FILTER: usize = 4096;

/// The numbers of the records of the blob itself that have each of these essential names, in
/// the order of ids.
pub(crate) fn search(btf: &Btf, names: &[&str]) -> Result<Vec<Vec<u32>>, Error> {
    let few = if names.len() <= FEW { by_place(btf, names) } else { None };
    let sought = few.unwrap_or_else(|| by_hash(names));
    let mut found = vec![Vec::new(); names.len()];
    let hasher = sought.hash.map(|hash| btf.name_hasher(hash));
    let mut number = 0;
    btf.walk(|record| {
        let key = match &hasher {
            None => Some(record.name.0),
            Some(hasher) => hasher.at(record.name),
        };
        for name in key.into_iter().flat_map(|key| sought.names_of(key)) {
            let is = |name: &str| sought.hash.is_none() || is_essential(btf, record.name, name);
            if let (Some(list), Some(name)) = (found.get_mut(name), names.get(name)) {
                if is(name) {
                    list.push(number);
                }
            }
        }
        number += 1;
    })?;
    Ok(found)
}

/// What is looked for: keys, which are places of names or their hashes, with the number of the
/// name that each stands for.
struct Sought {
    /// Sorted.
    keys: Vec<(u32, usize)>,
    filter: Vec<u64>,
    /// Set if keys are hashes.
    hash: Option<NameHash>,
}

impl Sought {
    fn new(mut keys: Vec<(u32, usize)>, hash: Option<NameHash>) -> Self {
        keys.sort_unstable();
        let mut filter = vec![0; FILTER / 64];
        for &(key, _) in &keys {
            let (word, bit) = bit(key);
            if let Some(word) = filter.get_mut(word) {
                *word |= bit;
            }
        }
        Self { keys, filter, hash }
    }

    /// The names that a key stands for.
    #[inline]
    fn names_of(&self, key: u32) -> impl Iterator<Item = usize> + '_ {
        let (word, bit) = bit(key);
        let keys = match self.filter.get(word) {
            Some(word) if word & bit != 0 => self.behind(key),
            _ => &[],
        };
        keys.iter().take_while(move |(other, _)| *other == key).map(|&(_, name)| name)
    }

    /// The keys from this one on.
    fn behind(&self, key: u32) -> &[(u32, usize)] {
        let start = self.keys.partition_point(|&(other, _)| other < key);
        self.keys.get(start..).unwrap_or_default()
    }
}

/// The place of a key in the filter.
#[inline]
fn bit(key: u32) -> (usize, u64) {
    let at = key.wrapping_mul(0x9e37_79b1) as usize / (1 << (32 - FILTER.trailing_zeros()));
    (at / 64, 1 << (at % 64))
}

/// Looks for the names among the strings; `None` if they stand at too many places.
fn by_place(btf: &Btf, names: &[&str]) -> Option<Sought> {
    let (mut keys, mut looked_at) = (Vec::new(), 0);
    for (number, name) in names.iter().enumerate() {
        for end in ["\0", "___"] {
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
    Some(Sought::new(keys, None))
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

fn by_hash(names: &[&str]) -> Sought {
    let hash = NameHash::random();
    let keys = names.iter().enumerate().map(|(number, name)| (hash.of(name.as_bytes()), number));
    Sought::new(keys.collect(), Some(hash))
}

/// Whether the string at a place is this one, or that with a flavour.
pub(crate) fn is_essential(btf: &Btf, at: StrOff, name: &str) -> bool {
    btf.short_string(at).is_some_and(|found| essential_name(found) == name.as_bytes())
}
