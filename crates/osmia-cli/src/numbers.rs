//! Numbers in JSON that not every reader can hold.

/// The greatest whole number up to which JavaScript's numbers have all.
const SAFE: u64 = (1 << 53) - 1;
/// Numbers of fewer digits are below it.
const DIGITS: usize = 16;

/// The same JSON with whole numbers beyond [`SAFE`] as strings.
pub fn as_strings(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let mut rest = json;
    while let Some(&byte) = rest.first() {
        let len = match byte {
            b'"' => string(rest),
            b'-' | b'0'..=b'9' => number(rest),
            _ => 1,
        };
        let (token, behind) = rest.split_at_checked(len).unwrap_or((rest, &[]));
        let quoted = is_large(token);
        out.extend(quoted.then_some(b'"'));
        out.extend_from_slice(token);
        out.extend(quoted.then_some(b'"'));
        rest = behind;
    }
    out
}

/// The length of a string with its quotes.
fn string(json: &[u8]) -> usize {
    let mut escaped = false;
    let end = json.iter().skip(1).position(|&byte| {
        let is_end = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        is_end
    });
    end.map_or(json.len(), |end| end + 2)
}

/// The length of a number.
fn number(json: &[u8]) -> usize {
    let is_part = |byte: &u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
    json.iter().take_while(|byte| is_part(byte)).count()
}

fn is_large(token: &[u8]) -> bool {
    let digits = token.strip_prefix(b"-").unwrap_or(token);
    if digits.len() < DIGITS || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u64>().ok());
    // Those that 64 bits do not hold are large as well.
    number.is_none_or(|number| number > SAFE)
}

#[cfg(test)]
mod tests {
    use super::as_strings;

    #[track_caller]
    fn becomes(json: &str, expected: &str) {
        assert_eq!(String::from_utf8(as_strings(json.as_bytes())).unwrap(), expected);
    }

    #[test]
    fn large_numbers_become_strings() {
        becomes("[9007199254740991,9007199254740992]", "[9007199254740991,\"9007199254740992\"]");
        becomes("-9223372036854775808", "\"-9223372036854775808\"");
        becomes("{\"a\":18446744073709551615}", "{\"a\":\"18446744073709551615\"}");
        becomes(
            "340282366920938463463374607431768211455",
            "\"340282366920938463463374607431768211455\"",
        );
    }

    #[test]
    fn all_else_stays() {
        for json in [
            "{\"18446744073709551615\":\"\\\"18446744073709551615\\\\\"}",
            "[1.0000000000000000001,1e300,-12,0,true,null]",
            "\"12345678901234567890",
            "",
        ] {
            becomes(json, json);
        }
    }
}
