//! A value of the configuration as the bytes of its C type.

use osmia_btf::Endian;

use crate::kconfig::config_type::ConfigType;

/// The bytes of what stands behind the `=`, or why the type cannot hold it.
pub(super) fn option(ty: ConfigType, endian: Endian, said: &str) -> Result<Vec<u8>, String> {
    match said {
        "y" | "m" | "n" => tristate(ty, endian, said),
        _ if said.starts_with('"') => text(ty, said),
        _ => {
            let value = parse(said).ok_or_else(|| {
                format!(
                    "the configuration says {said}, which is neither y, m, n, a number nor text"
                )
            })?;
            number(ty, endian, value)
        }
    }
}

/// The bytes of a number.
pub(super) fn number(ty: ConfigType, endian: Endian, value: i128) -> Result<Vec<u8>, String> {
    match ty {
        ConfigType::Int { size, signed } => {
            let (least, most) = limits(size, signed);
            if !(least..=most).contains(&value) {
                return Err(format!(
                    "its value is {value}; the type holds {least} to {most}: declare a larger one"
                ));
            }
            Ok(bytes(endian, value as u64, size))
        }
        ConfigType::Bool | ConfigType::Tristate(_) | ConfigType::Text(_) => {
            Err(format!("its value is the number {value}: declare an integer, not {}", title(ty)))
        }
    }
}

/// The bytes of an answer that is yes or no.
pub(super) fn truth(ty: ConfigType, endian: Endian, value: bool) -> Result<Vec<u8>, String> {
    match ty {
        ConfigType::Bool => Ok(vec![value.into()]),
        ConfigType::Tristate(size) => Ok(bytes(endian, value.into(), size)),
        _ => number(ty, endian, value.into()),
    }
}

fn tristate(ty: ConfigType, endian: Endian, said: &str) -> Result<Vec<u8>, String> {
    match (ty, said) {
        (ConfigType::Bool, "m") => Err("it is a module (m), which a `bool` cannot say: declare \
                                        `enum libbpf_tristate` (TRI_MODULE)"
            .to_owned()),
        (ConfigType::Bool, _) => Ok(vec![u8::from(said == "y")]),
        (ConfigType::Tristate(size), _) => {
            let value = match said {
                "y" => 1,
                "m" => 2,
                _ => 0,
            };
            Ok(bytes(endian, value, size))
        }
        // A character.
        (ConfigType::Int { size: 1, .. }, _) => Ok(said.as_bytes().to_vec()),
        (ConfigType::Int { .. } | ConfigType::Text(_), _) => Err(format!(
            "its value is {said}: declare `bool`, `char` or `enum libbpf_tristate`, not {}",
            title(ty)
        )),
    }
}

/// A string without its quotes. One that is too long is cut off, as every string that C copies
/// into an array: configurations differ, and their beginnings are what programs compare.
fn text(ty: ConfigType, said: &str) -> Result<Vec<u8>, String> {
    let ConfigType::Text(room) = ty else {
        return Err(format!("its value is the text {said}: declare `char [N]`, not {}", title(ty)));
    };
    let inside = said.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let plain = inside.and_then(unescape).ok_or_else(|| {
        format!("the configuration says {said}, which does not end where its quotes do")
    })?;
    let mut bytes = plain.into_bytes();
    bytes.truncate((room as usize).saturating_sub(1));
    bytes.push(0);
    Ok(bytes)
}

/// Undoes what the kernel's build system writes for quotes and backslashes; `None` if the text
/// has a bare quote, or ends in the middle of an escape.
fn unescape(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => plain.push(letters.next()?),
            '"' => return None,
            _ => plain.push(letter),
        }
    }
    Some(plain)
}

/// A decimal or hexadecimal number.
fn parse(said: &str) -> Option<i128> {
    let (negative, digits) = match said.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, said),
    };
    let value = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(plain(digits)?, 16).ok()?,
        None => plain(digits)?.parse::<u64>().ok()?,
    };
    let value = i128::from(value);
    Some(if negative { -value } else { value })
}

/// Digits without a sign of their own, which parsing would take.
fn plain(digits: &str) -> Option<&str> {
    digits.starts_with(|first: char| first.is_ascii_hexdigit()).then_some(digits)
}

fn limits(size: u32, signed: bool) -> (i128, i128) {
    let bits = size.saturating_mul(8).min(64);
    if signed {
        (-(1_i128 << (bits - 1)), (1_i128 << (bits - 1)) - 1)
    } else {
        (0, (1_i128 << bits) - 1)
    }
}

/// The lowest bytes of a number.
fn bytes(endian: Endian, value: u64, size: u32) -> Vec<u8> {
    let size = (size as usize).min(8);
    let mut bytes = value.to_le_bytes().get(..size).unwrap_or_default().to_vec();
    if endian == Endian::Big {
        bytes.reverse();
    }
    bytes
}

fn title(ty: ConfigType) -> String {
    match ty {
        ConfigType::Bool => "`bool`".to_owned(),
        ConfigType::Tristate(_) => "`enum libbpf_tristate`".to_owned(),
        ConfigType::Int { size: 1, .. } => "a number of 1 byte".to_owned(),
        ConfigType::Int { size, .. } => format!("a number of {size} bytes"),
        ConfigType::Text(len) => format!("`char [{len}]`"),
    }
}

#[cfg(test)]
mod tests {
    use osmia_btf::Endian::{Big, Little};

    use super::{option, truth};
    use crate::kconfig::config_type::ConfigType::{self, Bool, Int, Text, Tristate};

    const CHAR: ConfigType = Int { size: 1, signed: true };
    const SHORT: ConfigType = Int { size: 2, signed: true };
    const WORD: ConfigType = Int { size: 4, signed: false };
    const LONG: ConfigType = Int { size: 8, signed: false };

    fn problem(ty: ConfigType, said: &str) -> String {
        option(ty, Little, said).unwrap_err()
    }

    #[test]
    fn yes_module_and_no() {
        for (said, boolean, tristate) in [("y", Some(1), 1), ("m", None, 2), ("n", Some(0), 0)] {
            assert_eq!(option(Bool, Little, said).ok(), boolean.map(|value| vec![value]), "{said}");
            assert_eq!(option(Tristate(4), Little, said), Ok(vec![tristate, 0, 0, 0]), "{said}");
            assert_eq!(option(Tristate(4), Big, said), Ok(vec![0, 0, 0, tristate]), "{said}");
            assert_eq!(option(CHAR, Little, said), Ok(said.as_bytes().to_vec()), "{said}");
            assert!(problem(WORD, said).contains("declare `bool`"), "{said}");
        }
        assert!(problem(Bool, "m").contains("enum libbpf_tristate"));
        assert_eq!(truth(Bool, Little, true), Ok(vec![1]));
        assert_eq!(truth(WORD, Big, true), Ok(vec![0, 0, 0, 1]));
    }

    #[test]
    fn numbers_of_all_widths_and_signs() {
        for (ty, said, bytes) in [
            (CHAR, "-128", vec![0x80]),
            (Int { size: 1, signed: false }, "255", vec![0xff]),
            (SHORT, "-2", vec![0xfe, 0xff]),
            (WORD, "0xdeadbeef", vec![0xef, 0xbe, 0xad, 0xde]),
            (WORD, "250", vec![250, 0, 0, 0]),
            (LONG, "18446744073709551615", vec![0xff; 8]),
            (Int { size: 8, signed: true }, "-1", vec![0xff; 8]),
        ] {
            assert_eq!(option(ty, Little, said), Ok(bytes), "{said}");
        }
        assert_eq!(option(WORD, Big, "0xdeadbeef"), Ok(vec![0xde, 0xad, 0xbe, 0xef]));
    }

    #[test]
    fn numbers_out_of_range() {
        for (ty, said) in [
            (CHAR, "128"),
            (Int { size: 1, signed: false }, "-1"),
            (SHORT, "32768"),
            (WORD, "4294967296"),
            (WORD, "-1"),
            (LONG, "-1"),
            (Int { size: 8, signed: true }, "9223372036854775808"),
        ] {
            assert!(problem(ty, said).contains("declare a larger one"), "{said}");
        }
    }

    #[test]
    fn what_is_no_value() {
        for said in ["", "yes", "0x", "--1", "-+1", "1.5", "18446744073709551616", "Y"] {
            assert!(problem(WORD, said).contains("neither"), "{said}");
        }
        assert!(problem(Bool, "7").contains("declare an integer, not `bool`"));
        assert!(problem(Text(4), "7").contains("not `char [4]`"));
        assert!(problem(WORD, "\"x\"").contains("declare `char [N]`"));
    }

    #[test]
    fn texts_lose_their_quotes_and_escapes() {
        let text = |said| option(Text(8), Little, said);
        assert_eq!(text("\"(none)\""), Ok(b"(none)\0".to_vec()));
        assert_eq!(text("\"\""), Ok(b"\0".to_vec()));
        assert_eq!(text(r#""a\"b\\""#), Ok(b"a\"b\\\0".to_vec()));
        assert_eq!(text("\"abracadabra\""), Ok(b"abracad\0".to_vec()));
        for said in ["\"", "\"x", r#""x\""#, r#""x"y""#] {
            assert!(problem(Text(8), said).contains("quotes"), "{said}");
        }
    }
}
