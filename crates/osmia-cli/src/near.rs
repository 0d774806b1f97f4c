//! Names that do not exist, and those that were perhaps meant.

use std::collections::HashSet;

use osmia_btf::near::nearest;

/// More names than this are not listed.
const SHOWN: usize = 24;

/// "there is no {kind} {wanted}", the name that was perhaps meant, and those that there are.
pub fn no_such<'a>(kind: &str, wanted: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let mut seen = HashSet::new();
    let names: Vec<&str> = names.into_iter().filter(|name| seen.insert(*name)).collect();
    let near = nearest(wanted, names.iter().copied());
    let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
    let all = match names.len() {
        0 => "; there are none".to_owned(),
        count @ 1..=SHOWN => format!(" (there {}: {})", are(count), names.join(", ")),
        count => {
            let shown = names.get(..SHOWN).unwrap_or(&names).join(", ");
            format!(" (there are: {shown} and {} more)", count - SHOWN)
        }
    };
    format!("there is no {kind} {wanted}{near}{all}")
}

fn are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

#[cfg(test)]
mod tests {
    use super::no_such;

    #[test]
    fn messages_suggest_and_list() {
        let names = ["counts", "events", "counts"];
        let text = no_such("map", "count", names);
        assert_eq!(text, "there is no map count; did you mean counts? (there are: counts, events)");
        assert_eq!(no_such("map", "x", []), "there is no map x; there are none");
        let many: Vec<String> = (0..30).map(|n| format!("m{n}")).collect();
        assert!(
            no_such("map", "zzzz", many.iter().map(String::as_str)).ends_with("m23 and 6 more)")
        );
    }
}
