//! Names that do not exist, and those that were perhaps meant.

/// More names than this are not listed.
const SHOWN: usize = 24;

/// "there is no {kind} {wanted}", the name that was perhaps meant, and those that there are.
pub fn no_such<'a>(kind: &str, wanted: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
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

/// The name most like `wanted`, if one differs in no more than about a third.
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = wanted.chars().count().div_ceil(3);
    let distance = |name: &'a str| (strsim::damerau_levenshtein(wanted, name), name);
    let near = |(steps, _): &(usize, &str)| *steps <= limit && *steps < wanted.chars().count();
    names
        .into_iter()
        .map(distance)
        .filter(near)
        .min_by_key(|(steps, _)| *steps)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::{nearest, no_such};

    #[test]
    fn messages_suggest_and_list() {
        let names = ["counts", "events"];
        let text = no_such("map", "count", names);
        assert_eq!(text, "there is no map count; did you mean counts? (there are: counts, events)");
        assert_eq!(no_such("map", "x", []), "there is no map x; there are none");
        let many: Vec<String> = (0..30).map(|n| format!("m{n}")).collect();
        assert!(
            no_such("map", "zzzz", many.iter().map(String::as_str)).ends_with("m23 and 6 more)")
        );
    }

    #[test]
    fn only_near_names_are_suggested() {
        assert_eq!(nearest("cosnt_u32", ["const_u32", "u32"]), Some("const_u32"));
        assert_eq!(nearest("pid", ["const_u32"]), None);
        assert_eq!(nearest("", ["a"]), None);
    }
}
