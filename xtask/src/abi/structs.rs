//! Structs, and the parts of unions that stand for structs.

mod fields;
mod path;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail, ensure};

use super::emit::HEADER;
use super::source::Source;
use super::wanted::{ENUMS, File, Struct};
use crate::abi::structs::fields::{Bits, Field};

pub(super) fn generate(file: &File, sources: &[Source]) -> Result<String> {
    let mut body = String::new();
    let mut newtypes = BTreeSet::new();
    for wanted in file.structs {
        let fields = newest(wanted, sources).with_context(|| wanted.path.to_owned())?;
        newtypes.extend(fields.iter().map(|field| field.ty.clone()));
        emit(&mut body, wanted, &fields)?;
    }
    let mut out = format!("{HEADER}//! {}\n\nuse crate::abi_struct::abi_struct;\n", file.doc);
    for wanted in ENUMS.iter().filter(|wanted| newtypes.contains(wanted.name)) {
        writeln!(out, "use crate::generated::{}::{};", wanted.module(), wanted.name)?;
    }
    out.push_str(&body);
    Ok(out)
}

/// The fields of the newest kernel that has the struct. Older ones must agree as far as they go.
fn newest(wanted: &Struct, sources: &[Source]) -> Result<Vec<Field>> {
    let mut newest: Option<Vec<Field>> = None;
    for source in sources {
        let Some(ty) = path::find(source, wanted.path)? else { continue };
        let fields =
            fields::of(source.btf(), ty, wanted).with_context(|| source.name().to_owned())?;
        if let Some(older) = &newest {
            agree(older, &fields).with_context(|| source.name().to_owned())?;
        }
        newest = Some(fields);
    }
    newest.context("none of the BTF files has it: one of a newer kernel is needed as well")
}

fn agree(older: &[Field], newer: &[Field]) -> Result<()> {
    // What was reserved may have got a meaning.
    for old in older.iter().filter(|old| !old.name.starts_with("reserved")) {
        let stays = newer.iter().any(|new| new.name == old.name && new.offset == old.offset);
        ensure!(stays, "{} is no longer at offset {}", old.name, old.offset);
    }
    Ok(())
}

fn emit(out: &mut String, wanted: &Struct, fields: &[Field]) -> Result<()> {
    let align = fields.iter().map(|field| field.align).max().unwrap_or(1);
    let end = fields.iter().map(|field| field.offset + field.size).max().unwrap_or(0);
    let size = end.next_multiple_of(align);
    write!(
        out,
        "\nabi_struct! {{\n    /// {}\n    {}, {size} bytes {{\n",
        wanted.doc, wanted.name
    )?;
    let mut at = 0;
    for field in fields {
        pad(out, at, field.offset)?;
        if !field.aliases.is_empty() {
            let aliases: Vec<_> = field.aliases.iter().map(|name| format!("`{name}`")).collect();
            writeln!(out, "        /// Shares its bytes with {}.", aliases.join(", "))?;
        }
        match field.bits.len() {
            0 => {}
            1 => writeln!(out, "        /// The lowest bit.")?,
            _ => writeln!(out, "        /// Bit fields: the constants.")?,
        }
        writeln!(out, "        {} {}: {};", field.offset, field.name, field.ty)?;
        at = field.offset + field.size;
    }
    pad(out, at, size)?;
    out.push_str("    }\n}\n");
    fields.iter().try_for_each(|field| emit_bits(out, wanted, field))
}

fn pad(out: &mut String, from: u32, to: u32) -> Result<()> {
    match to.checked_sub(from) {
        Some(0) => {}
        Some(len) => {
            writeln!(out, "        #[doc(hidden)]\n        {from} pad{from}: [u8; {len}];")?;
        }
        None => bail!("fields overlap at offset {to}"),
    }
    Ok(())
}

/// Bit fields as constants of the struct.
fn emit_bits(out: &mut String, wanted: &Struct, field: &Field) -> Result<()> {
    if field.bits.len() < 2 {
        return Ok(());
    }
    write!(out, "\nimpl {} {{\n", wanted.name)?;
    for Bits { name, lowest, width } in &field.bits {
        let (unit, ty) = (&field.name, &field.ty);
        let value = match width {
            1 => format!("1 << {lowest}"),
            width => format!("{:#x} << {lowest}", (1_u64 << width) - 1),
        };
        writeln!(out, "    /// `{name}` in [`{unit}`](Self::{unit}).")?;
        writeln!(out, "    pub const {}: {ty} = {value};", name.to_uppercase())?;
    }
    out.push_str("}\n");
    Ok(())
}
