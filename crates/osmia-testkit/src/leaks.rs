//! What of BPF a process holds open.

use std::{collections::BTreeMap, fs, io};

/// The BPF things a process has open: descriptors and mappings of programs, maps, links, BTF and iterators.
///
/// The kernel gives these descriptors anonymous inodes with telling names, so counting them needs no call into BPF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open(BTreeMap<String, usize>);

impl Open {
    /// What this process has open now.
    ///
    /// # Panics
    /// If `/proc` is not mounted.
    pub fn now() -> Self {
        let mut counts = BTreeMap::new();
        for name in descriptors().chain(mappings()) {
            *counts.entry(name).or_insert(0) += 1;
        }
        Self(counts)
    }

    /// Asserts that this process has nothing open now that it had not when `self` was taken.
    ///
    /// # Panics
    /// If it has.
    pub fn assert_nothing_more(&self) {
        self.assert_no_more_in(&Self::now());
    }

    fn assert_no_more_in(&self, now: &Self) {
        let more: Vec<String> = now
            .0
            .iter()
            .filter_map(|(name, count)| {
                let extra = count.saturating_sub(self.0.get(name).copied().unwrap_or(0));
                (extra > 0).then(|| format!("{extra} of {name}"))
            })
            .collect();
        assert!(more.is_empty(), "left open at the end of the test: {}", more.join(", "));
    }
}

fn descriptors() -> impl Iterator<Item = String> {
    let list = must("/proc/self/fd", fs::read_dir("/proc/self/fd"));
    list.flatten().filter_map(|entry| {
        // A descriptor may be closed by another thread while we look.
        let target = fs::read_link(entry.path()).ok()?;
        bpf_name(target.to_str()?, "descriptor")
    })
}

fn mappings() -> impl Iterator<Item = String> {
    let maps = must("/proc/self/maps", fs::read_to_string("/proc/self/maps"));
    let names: Vec<String> = maps
        .lines()
        .filter_map(|line| bpf_name(line.split_whitespace().nth(5)?, "mapping"))
        .collect();
    names.into_iter()
}

/// `anon_inode:bpf-map`, `anon_inode:[perf_event]` and the like.
fn bpf_name(inode: &str, kind: &str) -> Option<String> {
    let name = inode.strip_prefix("anon_inode:")?.trim_matches(['[', ']']);
    let ours = ["bpf", "btf", "perf_event"].iter().any(|start| name.starts_with(start));
    ours.then(|| format!("{kind} {name}"))
}

fn must<T>(path: &str, outcome: io::Result<T>) -> T {
    outcome.unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::{Open, bpf_name};

    #[test]
    fn names_bpf_inodes_only() {
        assert_eq!(bpf_name("anon_inode:bpf-map", "mapping").as_deref(), Some("mapping bpf-map"));
        assert_eq!(
            bpf_name("anon_inode:[perf_event]", "descriptor").as_deref(),
            Some("descriptor perf_event")
        );
        assert_eq!(bpf_name("anon_inode:[eventpoll]", "descriptor"), None);
        assert_eq!(bpf_name("socket:[1]", "descriptor"), None);
    }

    #[test]
    #[should_panic(expected = "left open at the end of the test: 1 of descriptor bpf-map")]
    fn tells_what_is_left() {
        let mut before = Open::now();
        let mut after = before.clone();
        before.0.insert("descriptor bpf-map".to_owned(), 1);
        after.0.insert("descriptor bpf-map".to_owned(), 2);
        before.assert_no_more_in(&after);
    }
}
