//! Which of some names somebody meant.

/// Longer names than this are not compared.
const LONGEST: usize = 64;

/// The name most like `wanted`: the fewest letters to add, drop, change or swap with
/// their neighbour. None if all of them differ in more than about a third.
pub(crate) fn nearest<'a>(
    wanted: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    nearest_by(wanted, names).map(|(_, name)| name)
}

/// The most similar name, and by how many steps it differs.
pub(crate) fn nearest_by<'a>(
    wanted: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<(usize, &'a str)> {
    let wanted: Vec<char> = wanted.chars().take(LONGEST + 1).collect();
    let limit = wanted.len().div_ceil(3);
    let mut best = None;
    for name in names {
        let letters: Vec<char> = name.chars().take(LONGEST + 1).collect();
        if wanted.len().max(letters.len()) > LONGEST || wanted.len().abs_diff(letters.len()) > limit
        {
            continue;
        }
        let steps = distance(&wanted, &letters);
        let closer = best.is_none_or(|(least, _)| steps < least);
        if steps <= limit && closer && steps < wanted.len() {
            best = Some((steps, name));
        }
    }
    best
}

/// The edit distance with swaps of neighbours, by rows of its matrix.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX / 2);
            let change = at(&last, j) + usize::from(x != y);
            let mut steps = change.min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(&y) && b.get(j - 1) == Some(&x);
            if swapped {
                steps = steps.min(at(&before, j - 1) + 1);
            }
            row.push(steps);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_fewest_changes_win() {
        let names = ["const_u32", "const_u64", "global_u16"];
        assert_eq!(nearest("const_u3", names), Some("const_u32"));
        assert_eq!(nearest("cosnt_u32", names), Some("const_u32"));
        assert_eq!(nearest("globalu16", names), Some("global_u16"));
        assert_eq!(nearest("pid", names), None);
        assert_eq!(nearest("", names), None);
    }

    #[test]
    fn long_names_are_left_out() {
        let long = "x".repeat(1000);
        assert_eq!(nearest(&long, [long.as_str()]), None);
    }
}
