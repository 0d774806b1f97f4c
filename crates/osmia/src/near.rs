//! Names that may have been meant.

use osmia_btf::near::nearest;

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

#[cfg(test)]
mod tests {
    use super::instead_of;

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
