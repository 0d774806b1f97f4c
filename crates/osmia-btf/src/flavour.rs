//! Flavours: `name___anything` is a version of `name`.

/// The name without its flavour.
///
/// Exactly three underscores with something on either side separate a flavour from the
/// essential name; the last such place counts, as in libbpf.
///
/// # Examples
/// ```
/// use osmia_btf::essential_name;
/// assert_eq!(essential_name(b"iov_iter___new"), b"iov_iter");
/// assert_eq!(essential_name(b"iov_iter__new"), b"iov_iter__new");
/// ```
#[inline]
pub fn essential_name(name: &[u8]) -> &[u8] {
    let mut essential = name;
    // Any three bytes in a row hold one whose index is 2 modulo 3, so that most
    // names are settled by looking at a third of their bytes.
    for at in (2..name.len()).step_by(3) {
        if name.get(at) == Some(&b'_') {
            essential = separated(name, at).unwrap_or(essential);
        }
    }
    essential
}

/// The same of a name as text.
#[inline]
pub(crate) fn essential_text(name: &str) -> &str {
    // Flavours begin with ASCII, so that the cut is never inside of a character.
    name.get(..essential_name(name.as_bytes()).len()).unwrap_or(name)
}

/// What precedes the run of underscores around `at`, if that separates a flavour.
fn separated(name: &[u8], at: usize) -> Option<&[u8]> {
    let (head, tail) = name.split_at_checked(at)?;
    let before = head.iter().rev().take_while(|&&c| c == b'_').count();
    let run = before + tail.iter().take_while(|&&c| c == b'_').count();
    let start = at - before;
    (run == 3 && start > 0 && start + run < name.len()).then(|| name.get(..start)).flatten()
}

#[cfg(test)]
mod tests {
    use super::essential_name;

    #[test]
    fn flavours() {
        for (name, essential) in [
            ("task_struct___old", "task_struct"),
            ("task_struct", "task_struct"),
            ("a___b___c", "a___b"),
            ("___x", "___x"),
            ("x___", "x___"),
            ("x__y", "x__y"),
            ("x____y", "x____y"),
            ("ab___c", "ab"),
            ("abc___d", "abc"),
            ("", ""),
            ("_", "_"),
        ] {
            assert_eq!(essential_name(name.as_bytes()), essential.as_bytes(), "{name}");
        }
    }
}
