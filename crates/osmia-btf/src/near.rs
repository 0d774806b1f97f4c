//! Names that were perhaps meant by one that does not exist.
//!
//! Every message that knows which names there are suggests one of them, and all judge alike what is near.

/// Longer names than the kernel's longest are near to none.
const LONGEST: usize = 256;

/// At most so many are worth reading.
const MOST: usize = 4;

/// How a name differs from the one wanted, nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nearness {
    /// By underscores around it, as kernels rename what is no longer to be used directly.
    Underscores,
    /// By upper and lower case.
    Case,
    /// By so many letters put in, taken out, replaced or swapped with their neighbour.
    Letters(usize),
}

/// The name nearest to `wanted`, if one differs in no more than about a third of its letters.
///
/// # Examples
/// ```
/// let names = ["const_u32", "const_u64"];
/// assert_eq!(osmia_btf::near::nearest("cosnt_u32", names), Some("const_u32"));
/// assert_eq!(osmia_btf::near::nearest("pid", names), None);
/// ```
pub fn nearest<'n>(wanted: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    nearest_with(wanted, names).map(|(_, name)| name)
}

/// The name nearest to `wanted`, and how it differs.
pub fn nearest_with<'n>(
    wanted: &str,
    names: impl IntoIterator<Item = &'n str>,
) -> Option<(Nearness, &'n str)> {
    let most = wanted.len().div_ceil(3);
    let near = names.into_iter().filter_map(|name| Some((nearness(wanted, name, most)?, name)));
    near.min_by_key(|(nearness, _)| *nearness)
}

/// The few names nearest to `wanted`, nearest first, for where many are alike; it is stricter than [`nearest`].
pub fn few_nearest<'n>(wanted: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
    let most = (wanted.len() / 3).min(3);
    let near = names.into_iter().filter_map(|name| Some((nearness(wanted, name, most)?, name)));
    let mut near: Vec<(Nearness, &str)> = near.collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(MOST).map(|(_, name)| name).collect()
}

/// How two names differ, if they do, in no more than `most` letters, and have anything in common.
fn nearness(wanted: &str, name: &str, most: usize) -> Option<Nearness> {
    if name.is_empty() || name == wanted {
        return None;
    }
    if name.trim_matches('_') == wanted.trim_matches('_') {
        return Some(Nearness::Underscores);
    }
    if name.eq_ignore_ascii_case(wanted) {
        return Some(Nearness::Case);
    }
    let longest = wanted.len().max(name.len());
    if wanted.len().abs_diff(name.len()) > most.saturating_mul(4) || longest > LONGEST {
        return None;
    }
    let letters = strsim::osa_distance(wanted, name);
    (letters <= most && letters < wanted.chars().count()).then_some(Nearness::Letters(letters))
}

#[cfg(test)]
mod tests {
    use super::{Nearness, few_nearest, nearest, nearest_with};

    #[test]
    fn a_slip_of_the_finger_is_near() {
        let names = ["const_u32", "global_u16", "counts"];
        for (wanted, near) in [
            ("const_u23", Some("const_u32")),
            ("cosnt_u32", Some("const_u32")),
            ("CONST_U32", Some("const_u32")),
            ("globalu16", Some("global_u16")),
            ("count", Some("counts")),
            ("events", None),
            ("", None),
        ] {
            assert_eq!(nearest(wanted, names), near, "{wanted}");
        }
    }

    #[test]
    fn what_differs() {
        let with = |wanted, name| nearest_with(wanted, [name]).map(|(nearness, _)| nearness);
        assert_eq!(with("iov", "__iov"), Some(Nearness::Underscores));
        assert_eq!(with("IOV", "iov"), Some(Nearness::Case));
        assert_eq!(with("pid", "pids"), Some(Nearness::Letters(1)));
        assert_eq!(with("state", "sttae"), Some(Nearness::Letters(1)));
        assert_eq!(with("nr_running", "nr_runing"), Some(Nearness::Letters(1)));
        assert_eq!(with("\u{fc}ber", "uber"), Some(Nearness::Letters(1)));
        assert_eq!(with("abc", "xyz"), None);
    }

    #[test]
    fn nearest_first() {
        let names = ["iter_type", "nofault", "__iov", "kvec", "iovec", "ioc", "iov"];
        assert_eq!(few_nearest("iov", names), ["__iov", "ioc"]);
        assert_eq!(few_nearest("State", ["state", "static"]), ["state"]);
        assert!(few_nearest("qq", ["a", "b", "qqq_"]).is_empty());
    }

    #[test]
    fn long_names_are_left_out() {
        let long = "x".repeat(100_000);
        let longer = format!("{long}y");
        assert_eq!(nearest(&long, [longer.as_str()]), None);
    }
}
