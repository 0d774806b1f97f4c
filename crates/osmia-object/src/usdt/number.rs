//! Numbers in what notes say of arguments.

/// A decimal or hexadecimal number, or none; large ones wrap as the assembler's do.
pub(super) fn number(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let value = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).ok()?,
        None => digits.parse().ok()?,
    };
    Some(if negative { (value as i64).wrapping_neg() } else { value as i64 })
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_read() {
        for (text, value) in [
            ("0", 0),
            ("-9", -9),
            ("+8", 8),
            ("0x10", 16),
            ("-0x8", -8),
            ("18446744073709551615", -1),
        ] {
            assert_eq!(number(text), Some(value), "{text}");
        }
        for wrong in ["", "-", "+", "--1", "0x", "x", "1a", "99999999999999999999", "0x-1"] {
            assert_eq!(number(wrong), None, "{wrong}");
        }
    }
}
