//! The fields of a struct, as Rust has them.

use anyhow::{Context as _, Result, bail};
use osmia_btf::{Btf, Kind, Member, Type};

use super::path::is_choice;
use crate::abi::wanted::{ENUMS, Struct};

/// A field.
pub(super) struct Field {
    pub(super) offset: u32,
    pub(super) size: u32,
    pub(super) align: u32,
    pub(super) name: String,
    /// Its type in Rust.
    pub(super) ty: String,
    /// Other members of the same union.
    pub(super) aliases: Vec<String>,
    /// The bit fields that it is made of.
    pub(super) bits: Vec<Bits>,
}

/// A bit field.
pub(super) struct Bits {
    pub(super) name: String,
    pub(super) lowest: u32,
    pub(super) width: u32,
}

/// A type that needs no name of its own.
struct Plain {
    ty: String,
    size: u32,
    align: u32,
}

/// Which enum a number is.
#[derive(Clone, Copy)]
enum Newtype<'a> {
    /// None.
    Never,
    /// The one of its type in the kernel, if Rust has it.
    ByType,
    /// This one, though the kernel declares a plain number.
    Named(&'a str),
}

/// The fields of a struct, padding left out.
pub(super) fn of(btf: &Btf, ty: Type<'_>, wanted: &Struct) -> Result<Vec<Field>> {
    let mut fields = Vec::new();
    for member in ty.members() {
        let member = member?;
        if let Some(width) = member.bitfield {
            bitfield(btf, &mut fields, &member, width)?;
            continue;
        }
        let inner = btf.resolve(member.ty)?;
        let offset = member.offset.0 / 8;
        match (inner.kind(), member.name.is_empty()) {
            (Kind::Union, _) => union(btf, &mut fields, (member, inner, offset), wanted)?,
            (Kind::Struct, _) => bail!("{} is a struct in a struct", member.name),
            (_, true) => {}
            (_, false) => {
                let newtype = wanted.newtype(member.name).map_or(Newtype::ByType, Newtype::Named);
                let plain = plain(btf, inner, newtype).with_context(|| member.name.to_owned())?;
                fields.extend(plain.map(|plain| field(member.name, offset, plain)));
            }
        }
    }
    name_bit_fields(&mut fields);
    Ok(fields)
}

fn field(name: &str, offset: u32, plain: Plain) -> Field {
    let Plain { ty, size, align } = plain;
    // `type` is no name in Rust, and a leading underscore says that a field is not for use.
    let name = match name.trim_start_matches('_') {
        "type" => "type_",
        name => name,
    };
    Field { offset, size, align, name: name.to_owned(), ty, aliases: vec![], bits: vec![] }
}

/// A union of numbers is a field with several names; one of structs is bytes whose meaning depends on others.
fn union(
    btf: &Btf,
    fields: &mut Vec<Field>,
    (member, union, offset): (Member<'_>, Type<'_>, u32),
    wanted: &Struct,
) -> Result<()> {
    if is_choice(btf, union)? {
        return choice(btf, fields, (union, offset), wanted);
    }
    let mut names = Vec::new();
    let mut first = None;
    for inner in union.members() {
        let (inner, ty) = leaf(btf, inner?)?;
        let name = match member.name {
            "" => inner.to_owned(),
            outer => format!("{outer}_{inner}"),
        };
        names.push(name);
        if first.is_none() {
            // Numbers that are a descriptor in one member are an id in the other: unsigned.
            let plain = plain(btf, ty, Newtype::Never)?.context("a union of nothing")?;
            let ty = plain.ty.replace('i', "u");
            first = Some(Plain { ty, ..plain });
        }
    }
    let (Some(plain), Some(first)) = (first, names.first().cloned()) else { return Ok(()) };
    let name = wanted.chosen(&first).unwrap_or(&first).to_owned();
    let mut field = field(&name, offset, plain);
    field.aliases = names.into_iter().filter(|alias| *alias != name).collect();
    fields.push(field);
    Ok(())
}

/// The name and type of a union's member, the first one of it where that is a union without a name.
fn leaf<'a>(btf: &'a Btf, member: Member<'a>) -> Result<(&'a str, Type<'a>)> {
    let mut at = member;
    loop {
        let ty = btf.resolve(at.ty)?;
        match ty.members().next() {
            Some(first) if at.name.is_empty() => at = first?,
            _ => return Ok((at.name, ty)),
        }
    }
}

fn choice(
    btf: &Btf,
    fields: &mut Vec<Field>,
    (union, offset): (Type<'_>, u32),
    wanted: &Struct,
) -> Result<()> {
    let members = union.members().collect::<Result<Vec<_>, _>>()?;
    if let [only] = members.as_slice() {
        for mut field in of(btf, btf.resolve(only.ty)?, wanted)? {
            field.offset += offset;
            fields.push(field);
        }
        return Ok(());
    }
    let size = union.own_size().context("a union has a size")?;
    let (ty, align) = match (size, size % 8 == 0 && offset % 8 == 0) {
        (4, _) => ("u32".to_owned(), 4),
        (_, true) => (format!("[u64; {}]", size / 8), 8),
        (_, false) => (format!("[u32; {}]", size / 4), 4),
    };
    let name = wanted.chosen("..").unwrap_or("tail");
    fields.push(field(name, offset, Plain { ty, size, align }));
    Ok(())
}

/// A number, an enum, a pointer or an array of them; nothing for an array without elements.
fn plain(btf: &Btf, ty: Type<'_>, newtype: Newtype<'_>) -> Result<Option<Plain>> {
    if let Some(array) = ty.array() {
        let element = plain(btf, btf.resolve(array.element)?, Newtype::Never)?
            .context("an array of nothing")?;
        let Plain { ty, size, align } = element;
        let size = size.checked_mul(array.len).context("the array is too large")?;
        let ty = format!("[{ty}; {}]", array.len);
        return Ok((array.len > 0).then_some(Plain { ty, size, align }));
    }
    let (own, size) = match ty.kind() {
        Kind::Ptr => ("u64", 8),
        Kind::Enum => ("u32", 4),
        Kind::Int => {
            let int = ty.int().context("an integer")?;
            let own = match (int.size, int.signed && !int.is_char) {
                (1, _) => "u8",
                (2, false) => "u16",
                (4, false) => "u32",
                (4, true) => "i32",
                (8, false) => "u64",
                (8, true) => "i64",
                (size, _) => bail!("an integer of {size} bytes"),
            };
            (own, int.size)
        }
        kind => bail!("a {kind} has no place here"),
    };
    let by_kernel_type = ENUMS.iter().find(|wanted| ty.is_enum() && wanted.kernel == ty.name());
    let name = match newtype {
        _ if own != "u32" => own,
        Newtype::Never => own,
        Newtype::Named(name) => name,
        Newtype::ByType => by_kernel_type.map_or(own, |wanted| wanted.name),
    };
    Ok(Some(Plain { ty: name.to_owned(), size, align: size }))
}

/// Adds a bit field to the unit that it lies in.
fn bitfield(btf: &Btf, fields: &mut Vec<Field>, member: &Member<'_>, width: u32) -> Result<()> {
    let unit =
        plain(btf, btf.resolve(member.ty)?, Newtype::Never)?.context("a bit field of nothing")?;
    let bit = member.offset.0;
    let offset = bit / (unit.size * 8) * unit.size;
    let lowest = bit - offset * 8;
    let same = fields.last_mut().filter(|last| last.offset == offset && !last.bits.is_empty());
    let unit = if let Some(unit) = same {
        unit
    } else {
        fields.push(field(member.name, offset, unit));
        fields.last_mut().context("it was pushed")?
    };
    let bits = Bits { name: member.name.to_owned(), lowest, width };
    if !member.name.is_empty() && !member.name.starts_with("__") {
        unit.bits.push(bits);
    }
    Ok(())
}

/// A unit of several bit fields goes by a name of its own.
fn name_bit_fields(fields: &mut [Field]) {
    for field in fields.iter_mut().filter(|field| field.bits.len() > 1) {
        "flags".clone_into(&mut field.name);
    }
}
