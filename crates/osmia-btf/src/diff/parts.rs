//! The members of a type as C code can name them.

use std::collections::HashMap;

use crate::bitfield::Bitfield;
use crate::c::{self, text_limit};
use crate::error::Error;
use crate::hash::Quick;
use crate::id::Bits;
use crate::ty::{Member, Type};

/// Deeper nests of unnamed structs are circles, or made to hurt.
const DEPTH: u32 = 32;

/// A member that code can name, however deep in unnamed structs it is.
pub(super) struct Part {
    /// Its name; for members of an unnamed type the path to them, `sk_backlog.len`.
    pub name: String,
    /// Its type in C.
    pub text: String,
    /// Its declaration in C.
    pub declaration: String,
    /// Where it begins, counted from the start of the whole.
    pub offset: Bits,
    /// Its width.
    pub bits: u64,
}

impl Part {
    /// Whether the other is what became of it.
    pub fn is_succeeded_by(&self, other: &Self) -> bool {
        let core = |name: &'_ str| name.trim_matches('_').to_ascii_lowercase();
        let (before, after) = (core(&self.name), core(&other.name));
        let alike = !before.is_empty() && !after.is_empty() && before == after;
        self.text == other.text && (alike || self.offset == other.offset)
    }
}

/// Parts by their names.
pub(super) fn by_name(parts: &[Part]) -> HashMap<&str, &Part, Quick> {
    parts.iter().map(|part| (part.name.as_str(), part)).collect()
}

/// All members that code can name.
pub(super) fn parts(ty: &Type<'_>) -> Result<Vec<Part>, Error> {
    let mut collector = Collector { parts: Vec::new(), left: text_limit(ty.btf()) };
    collector.collect(ty, "", 0, DEPTH)?;
    Ok(collector.parts)
}

struct Collector {
    parts: Vec<Part>,
    /// How much text they may still have: few bytes can stand for many members.
    left: usize,
}

impl Collector {
    fn collect(&mut self, ty: &Type<'_>, prefix: &str, base: u32, depth: u32) -> Result<(), Error> {
        let (btf, id) = (ty.btf(), ty.id());
        let depth = depth.checked_sub(1).ok_or(Error::TooDeep { id, limit: DEPTH })?;
        for member in ty.members() {
            let member = member?;
            let too_large = Error::TooLarge { id, what: "a member's offset" };
            let offset = base.checked_add(member.offset.0).ok_or(too_large)?;
            let target = btf.resolve(member.ty)?;
            if member.name.is_empty() {
                if target.is_composite() {
                    self.collect(&target, prefix, offset, depth)?;
                }
                continue;
            }
            let part = part(ty, &member, prefix, base)?;
            let text =
                part.name.len() + part.text.len() + part.declaration.len() + size_of::<Part>();
            let too_large = Error::TooLarge { id, what: "the text of its members" };
            self.left = self.left.checked_sub(text).ok_or(too_large)?;
            let is_inline = target.is_composite()
                && target.name().is_empty()
                && btf.unqualified(member.ty)?.id() == target.id();
            if is_inline {
                self.collect(&target, &format!("{}.", part.name), offset, depth)?;
            }
            self.parts.push(part);
        }
        Ok(())
    }
}

fn part(ty: &Type<'_>, member: &Member<'_>, prefix: &str, base: u32) -> Result<Part, Error> {
    let btf = ty.btf();
    let (offset, bits, is_bitfield) = match Bitfield::of(btf, member)? {
        Some(field) => (field.offset, u64::from(field.width), true),
        None => (member.offset, u64::from(btf.size_of(member.ty)?) * 8, false),
    };
    let too_large = Error::TooLarge { id: ty.id(), what: "a member's offset" };
    let offset = base.checked_add(offset.0).map(Bits).ok_or(too_large)?;
    let name = format!("{prefix}{}", member.name);
    let width = if is_bitfield { format!(": {bits}") } else { String::new() };
    let within = prefix.strip_suffix('.').map(|owner| format!(" in {owner}")).unwrap_or_default();
    Ok(Part {
        text: c::title(btf, member.ty, "")?,
        declaration: format!("{}{width}{within}", c::title(btf, member.ty, member.name)?),
        name,
        offset,
        bits,
    })
}
