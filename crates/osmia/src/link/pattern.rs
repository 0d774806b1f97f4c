//! Patterns of names, as shells know them.

/// Whether `name` fits `pattern`, in which `*` is any text and `?` any one byte.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut at, mut seen) = (0, 0);
    // Where to go on if the text so far turns out not to fit: the last star, one byte further.
    let mut again: Option<(usize, usize)> = None;
    while let Some(byte) = name.get(seen) {
        match pattern.get(at) {
            Some(b'*') => {
                again = Some((at, seen));
                at += 1;
            }
            Some(b'?') => (at, seen) = (at + 1, seen + 1),
            Some(wanted) if wanted == byte => (at, seen) = (at + 1, seen + 1),
            _ => match again {
                Some((star, from)) => {
                    again = Some((star, from + 1));
                    (at, seen) = (star + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at).all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, name, fit) in [
            ("tcp_*", "tcp_connect", true),
            ("tcp_*", "udp_tcp_connect", false),
            ("*connect", "tcp_v4_connect", true),
            ("*_v?_*", "tcp_v4_connect", true),
            ("*_v?_*", "tcp_vx", false),
            ("a*b*c", "aXbbYc", true),
            ("a*b*c", "aXbbYcd", false),
            ("", "", true),
            ("*", "", true),
            ("?", "", false),
            ("read", "ready", false),
        ] {
            assert_eq!(fits(pattern, name), fit, "{pattern} {name}");
        }
    }
}
