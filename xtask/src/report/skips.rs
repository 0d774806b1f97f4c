//! The skips that the tests told.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

use osmia_testkit::skip::{Extent, Skip};

/// The skips in the file that `OSMIA_SKIPS` names to the tests; none if no test wrote to it.
pub(crate) fn read(path: &Path) -> io::Result<Vec<Skip>> {
    match fs::read_to_string(path) {
        Ok(text) => text.lines().map(|line| line.parse().map_err(io::Error::other)).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// How many tests were left out as a whole.
pub(crate) fn whole<'a>(skips: impl IntoIterator<Item = &'a Skip>) -> usize {
    let tests = skips.into_iter().filter(|skip| skip.extent == Extent::Whole);
    tests.map(|skip| (&skip.binary, &skip.test)).collect::<BTreeSet<_>>().len()
}

/// The skips as a table by reason, the most frequent first.
pub(crate) fn table(skips: &[Skip]) -> Vec<String> {
    let mut reasons: BTreeMap<(&str, Extent), BTreeSet<String>> = BTreeMap::new();
    for skip in skips {
        let tests = reasons.entry((&skip.reason, skip.extent)).or_default();
        tests.insert(format!("{}: {}", skip.binary, skip.test));
    }
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, tests)| usize::MAX - tests.len());
    let mut lines = Vec::new();
    for ((reason, extent), tests) in reasons {
        let part = if extent == Extent::Part { " in part" } else { "" };
        lines.push(format!("{:5}{part}  {reason}", tests.len()));
        lines.extend(tests.into_iter().map(|test| format!("         {test}")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use osmia_testkit::skip::Skip;

    use super::{table, whole};

    fn skips(lines: &[&str]) -> Vec<Skip> {
        lines.iter().map(|line| line.parse().unwrap()).collect()
    }

    #[test]
    fn a_test_counts_once() {
        let skips = skips(&["whole\tb\tt\tx", "whole\tb\tt\ty", "part\tb\tu\tz", "whole\tc\tt\tx"]);
        assert_eq!(whole(&skips), 2);
    }

    #[test]
    fn reasons_are_sorted_by_weight() {
        let lines =
            table(&skips(&["part\tb\tt\tno clang-19", "whole\tb\tu\told", "whole\tb\tt\told"]));
        assert_eq!(
            lines,
            [
                "    2  old",
                "         b: t",
                "         b: u",
                "    1 in part  no clang-19",
                "         b: t"
            ]
        );
    }
}
