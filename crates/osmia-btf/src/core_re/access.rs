//! Access strings: `0:1:2`.

/// Deeper paths than this are refused, as libbpf and the kernel do.
pub(super) const DEPTH: usize = 64;

/// The indices of an access string.
pub(super) fn indices(text: &str) -> Result<Vec<u32>, &'static str> {
    let mut indices = Vec::new();
    for part in text.split(':') {
        if indices.len() == DEPTH {
            return Err("has more than 64 parts");
        }
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let index = part.parse().ok().filter(|&index| digits && i32::try_from(index).is_ok());
        indices.push(index.ok_or("is not a row of numbers with colons between them")?);
    }
    Ok(indices)
}

#[cfg(test)]
mod tests {
    use super::indices;

    #[test]
    fn rows_of_numbers() {
        assert_eq!(indices("0"), Ok(vec![0]));
        assert_eq!(indices("0:12:2147483647"), Ok(vec![0, 12, 0x7fff_ffff]));
        for bad in ["", ":", "0:", ":0", "0::1", "-1", "+1", "0:a", "0: 1", "2147483648"] {
            assert!(indices(bad).is_err(), "{bad}");
        }
        assert!(indices(&["0"; 64].join(":")).is_ok());
        assert!(indices(&["0"; 65].join(":")).is_err());
    }
}
