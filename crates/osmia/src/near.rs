//! Names that may have been meant.

/// How many of the names that exist an error lists.
const LISTED: usize = 12;

/// The sentence about what exists instead of `wanted`: the nearest name, and the list.
///
/// `what` is the plural noun: `programs`.
pub(crate) fn instead_of<'a>(
    wanted: &str,
    what: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    if names.is_empty() {
        return format!("there are no {what}");
    }
    let shown: Vec<&str> = names.iter().copied().take(LISTED).collect();
    let more = match names.len() - shown.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let there = format!("the {what} are: {}{more}", shown.join(", "));
    match nearest(wanted, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? {there}"),
        None => there,
    }
}

/// The name that is nearest to `wanted`, if any is near.
pub(crate) fn nearest<'a>(
    wanted: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let within = |name: &str| (wanted.len().max(name.len()) / 3).max(1);
    let distances = names.into_iter().map(|name| (distance(wanted, name), name));
    let near = distances.filter(|(distance, name)| *distance <= within(name));
    near.min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// How many bytes must be inserted, removed, replaced or swapped with their neighbour; case does
/// not count. Names longer than the kernel's longest are far from everything.
fn distance(a: &str, b: &str) -> usize {
    if a.len().max(b.len()) > 256 {
        return usize::MAX;
    }
    let (a, b) = (a.to_ascii_lowercase().into_bytes(), b.to_ascii_lowercase().into_bytes());
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut previous = None;
    for (row, &x) in a.iter().enumerate() {
        let mut line = Vec::with_capacity(last.len());
        line.push(row + 1);
        let mut left_byte = None;
        for (column, &y) in b.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX);
            let replaced = at(&last, column) + usize::from(x != y);
            let removed = at(&last, column + 1) + 1;
            let inserted = at(&line, column) + 1;
            let mut best = replaced.min(removed).min(inserted);
            if column > 0 && previous == Some(y) && left_byte == Some(x) {
                best = best.min(at(&before, column - 1) + 1);
            }
            line.push(best);
            left_byte = Some(y);
        }
        previous = Some(x);
        before = std::mem::replace(&mut last, line);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{instead_of, nearest};

    #[test]
    fn a_slip_of_the_finger_is_near() {
        let names = ["const_u32", "global_u16", "counts"];
        for (wanted, near) in [
            ("const_u23", Some("const_u32")),
            ("cosnt_u32", Some("const_u32")),
            ("CONST_U32", Some("const_u32")),
            ("count", Some("counts")),
            ("events", None),
            ("", None),
        ] {
            assert_eq!(nearest(wanted, names), near, "{wanted}");
        }
    }

    #[test]
    fn what_exists_is_listed() {
        let sentence = instead_of("cuonts", "maps", ["events", "counts"]);
        assert_eq!(sentence, "did you mean `counts`? the maps are: events, counts");
        assert_eq!(instead_of("x", "maps", []), "there are no maps");
        let many: Vec<String> = (0..40).map(|n| format!("name{n}")).collect();
        let sentence = instead_of("zzz", "maps", many.iter().map(String::as_str));
        assert!(sentence.ends_with("name11 and 28 more"), "{sentence}");
    }
}
