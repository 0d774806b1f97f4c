//! Enums as open newtypes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Result, bail, ensure};
use osmia_btf::Type;

use super::emit::HEADER;
use super::source::Source;
use super::wanted::Enum;

/// The constants of an enum, by value.
type Constants = BTreeMap<u32, String>;

pub(super) fn generate(wanted: &Enum, sources: &[Source]) -> Result<String> {
    let mut constants = Constants::new();
    for source in sources {
        // An older kernel may lack it as a whole.
        if let Some(ty) = source.named_enum(wanted.kernel)? {
            merge(&mut constants, &of(ty)?, wanted, source)?;
        }
    }
    ensure!(!constants.is_empty(), "none of the BTF files has enum {}", wanted.kernel);
    emit(wanted, &constants)
}

/// The constants of one kernel: one name for each value, without the marks of the end and what lies behind them.
fn of(ty: Type<'_>) -> Result<Constants> {
    let mut values = Vec::new();
    let mut end = i128::MAX;
    for enumerator in ty.enumerators() {
        let enumerator = enumerator?;
        if enumerator.name.starts_with("__") || enumerator.name.starts_with("MAX_") {
            end = end.min(enumerator.value());
        } else {
            values.push((enumerator.value(), enumerator.name));
        }
    }
    let mut constants = Constants::new();
    for (value, name) in values.into_iter().filter(|(value, _)| *value < end) {
        let Ok(value) = u32::try_from(value) else { bail!("{name} = {value} has no 32 bits") };
        let known = constants.get(&value);
        // The first name is the one in use, unless it was given up.
        if known.is_none_or(|known| known.ends_with("_DEPRECATED")) {
            constants.insert(value, name.to_owned());
        }
    }
    Ok(constants)
}

fn merge(all: &mut Constants, more: &Constants, wanted: &Enum, source: &Source) -> Result<()> {
    for (value, name) in more {
        let known = all.insert(*value, name.clone());
        let renamed = known.filter(|known| known != name);
        if let Some(known) = renamed {
            bail!("{} in {}: {value} is {name}, elsewhere {known}", wanted.kernel, source.name());
        }
    }
    Ok(())
}

fn emit(wanted: &Enum, constants: &Constants) -> Result<String> {
    let Enum { name, kernel, doc, .. } = wanted;
    let mut out = format!("{HEADER}//! `enum {kernel}`.\n\nuse crate::open_enum::open_enum;\n\n");
    writeln!(out, "open_enum! {{\n    /// {doc}\n    {name} of \"{kernel}\" {{")?;
    for (value, constant) in constants {
        let Some(rest) = constant.strip_prefix(wanted.prefix) else {
            bail!("{constant} of {kernel} does not start with {}", wanted.prefix);
        };
        let short = format!("{}{}", wanted.short_prefix, rest.to_lowercase());
        let upper = rest.to_uppercase();
        writeln!(out, "        {upper} = {value}, \"{constant}\", \"{short}\";")?;
    }
    out.push_str("    }\n}\n");
    Ok(out)
}
