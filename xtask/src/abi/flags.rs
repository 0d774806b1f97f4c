//! Flags: the enumerators of enums without a name.

use std::fmt::Write as _;

use anyhow::{Result, bail};

use super::emit::HEADER;
use super::source::Source;
use super::wanted::Flags;

pub(super) fn generate(wanted: &[Flags], sources: &[Source]) -> Result<String> {
    let mut out = format!("{HEADER}//! Flags.\n");
    for flags in wanted {
        write!(out, "\n// {}\n", flags.doc)?;
        for (name, value) in newest(flags, sources)? {
            let value = literal(value);
            write!(out, "\n/// `{name}`.\npub const {name}: {} = {value};", flags.ty)?;
        }
        out.push('\n');
    }
    Ok(out)
}

/// The enumerators of the newest kernel that has them.
fn newest(flags: &Flags, sources: &[Source]) -> Result<Vec<(String, u128)>> {
    for source in sources.iter().rev() {
        let Some(ty) = source.enum_with(flags.first)? else { continue };
        let mut found = Vec::new();
        for enumerator in ty.enumerators() {
            let enumerator = enumerator?;
            let Ok(value) = u128::try_from(enumerator.value()) else {
                bail!("{} is negative", enumerator.name);
            };
            found.push((enumerator.name.to_owned(), value));
        }
        return Ok(found);
    }
    bail!("none of the BTF files has {}", flags.first)
}

/// Small numbers as they are, bits as bits.
fn literal(value: u128) -> String {
    match value {
        0..10 => value.to_string(),
        _ if value.is_power_of_two() => format!("1 << {}", value.trailing_zeros()),
        _ => format!("{value:#x}"),
    }
}
