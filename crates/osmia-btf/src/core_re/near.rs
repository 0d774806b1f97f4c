//! Names that may have been meant.

/// Longer names are compared whole or not at all.
const LONGEST: usize = 128;

/// At most so many are worth reading.
const MOST: usize = 4;

/// How a name differs from the one wanted, nearest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    /// By underscores around it, as kernels rename what is no longer to be used directly.
    Underscores,
    /// By upper and lower case.
    Case,
    /// By so many letters.
    Letters(usize),
}

/// The names nearest to the one wanted, nearest first; those equal to it are not among them.
pub(crate) fn nearest<'n>(wanted: &str, names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let mut near: Vec<(Nearness, &str)> =
        names.filter_map(|name| Some((nearness(wanted, name)?, name))).collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(MOST).map(|(_, name)| name).collect()
}

fn nearness(wanted: &str, name: &str) -> Option<Nearness> {
    if name.is_empty() || name == wanted {
        return None;
    }
    if name.trim_matches('_') == wanted.trim_matches('_') {
        return Some(Nearness::Underscores);
    }
    if name.eq_ignore_ascii_case(wanted) {
        return Some(Nearness::Case);
    }
    let most = (wanted.len() / 3).min(3);
    distance(wanted.as_bytes(), name.as_bytes(), most).map(Nearness::Letters)
}

/// How many letters must be put in, taken out, replaced or swapped with their neighbour
/// to make one word the other, if no more than `most`.
fn distance(one: &[u8], two: &[u8], most: usize) -> Option<usize> {
    if one.len().abs_diff(two.len()) > most || one.len().max(two.len()) > LONGEST {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=two.len()).collect();
    let mut previous = None;
    for (row, &a) in one.iter().enumerate() {
        let mut current = Vec::with_capacity(last.len());
        current.push(row + 1);
        for (column, &b) in two.iter().enumerate() {
            let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX);
            let replaced = at(&last, column) + usize::from(a != b);
            let mut best = replaced.min(at(&last, column + 1) + 1).min(at(&current, column) + 1);
            let swapped = column.checked_sub(1).and_then(|left| Some((left, two.get(left)?)));
            if let Some((left, &before_b)) = swapped {
                if previous == Some(b) && before_b == a {
                    best = best.min(at(&before, left).saturating_add(1));
                }
            }
            current.push(best);
        }
        if current.iter().all(|&cost| cost > most) {
            return None;
        }
        previous = Some(a);
        before = std::mem::replace(&mut last, current);
    }
    last.last().copied().filter(|&cost| cost <= most)
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn distances() {
        for (one, two, expected) in [
            ("pid", "pid", Some(0)),
            ("pid", "pids", Some(1)),
            ("state", "sttae", Some(1)),
            ("nr_running", "nr_runing", Some(1)),
            ("abc", "xyz", None),
            ("", "ab", Some(2)),
        ] {
            assert_eq!(distance(one.as_bytes(), two.as_bytes(), 2), expected, "{one} {two}");
        }
    }

    #[test]
    fn nearest_first() {
        let names = ["iter_type", "nofault", "__iov", "kvec", "iovec", "ioc", "iov"];
        assert_eq!(nearest("iov", names.into_iter()), ["__iov", "ioc"]);
        assert_eq!(nearest("State", ["state", "static"].into_iter()), ["state"]);
        assert!(nearest("qq", ["a", "b", "qqq_"].into_iter()).is_empty());
    }
}
