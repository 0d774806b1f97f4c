//! Where the members of structs and unions are, and where nothing is.

mod print;

pub use crate::layout::print::Printed;

use std::fmt::Write as _;

use crate::bitfield::Bitfield;
use crate::btf::Btf;
use crate::c::{self, text_limit};
use crate::error::Error;
use crate::id::{Bits, TypeId};
use crate::kind::Kind;
use crate::shape::Shapes;
use crate::ty::{Member, Type};

/// Deeper nests of unnamed structs are circles, or made to hurt.
const DEPTH: u32 = 32;

/// The layout of a struct or union.
///
/// # Examples
/// ```
/// # fn main() -> Result<(), osmia_btf::Error> {
/// use osmia_btf::{Btf, Kind, layout::Layout};
///
/// # let btf = Btf::parse(osmia_btf::doc_fixture(), None)?;
/// let point = btf.find(Kind::Struct, "point")?.expect("it is there");
/// let layout = Layout::of(&btf, point.id())?;
/// assert_eq!(layout.slots[1].name, "y");
/// println!("{layout}");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// `struct sock`.
    pub title: String,
    /// Whether it is a union, whose members all begin at its start.
    pub is_union: bool,
    /// Its size in bytes.
    pub size: u32,
    /// What C aligns it to; 1 if it is packed.
    pub align: u32,
    /// Its members.
    pub slots: Vec<Slot>,
    /// Bits behind the last one.
    pub padding: u64,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its name; empty for unnamed structs and unions.
    pub name: String,
    /// Its declaration in C: `struct list_head tasks`, `int flags: 3`.
    pub declaration: String,
    /// Its type.
    pub ty: TypeId,
    /// Where it begins, counted from the start of the whole.
    pub offset: Bits,
    /// How many bits it takes.
    pub bits: u64,
    /// Whether it is a bitfield.
    pub is_bitfield: bool,
    /// Bits in front of it that belong to no member.
    pub hole: u64,
    /// Its own members, if its type has no name.
    pub inner: Option<Inner>,
}

/// The members of a struct or union that has no name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inner {
    /// Whether it is a union.
    pub is_union: bool,
    /// Its members.
    pub slots: Vec<Slot>,
    /// Bits behind the last one.
    pub padding: u64,
}

impl Layout {
    /// The layout of a struct or union, or of what a typedef of one leads to.
    ///
    /// # Errors
    /// The type is neither, or its records are broken.
    pub fn of(btf: &Btf, id: TypeId) -> Result<Self, Error> {
        let ty = btf.resolve(id)?;
        if !ty.is_composite() {
            let problem = "is no struct or union, so it has no layout";
            return Err(Error::Invalid { id: ty.id(), kind: ty.kind(), problem });
        }
        let mut shapes = Shapes::new(btf);
        let align = shapes.of(ty.id())?.align;
        let mut finder = Finder { btf, shapes, left: text_limit(btf) };
        let Inner { is_union, slots, padding } = finder.inner(&ty, 0, DEPTH)?;
        let size = ty.own_size().unwrap_or_default();
        Ok(Self { title: c::title(btf, id, "")?, is_union, size, align, slots, padding })
    }
}

struct Finder<'a> {
    btf: &'a Btf,
    shapes: Shapes<'a>,
    /// How much text members may still have: few bytes can stand for many of them.
    left: usize,
}

impl<'a> Finder<'a> {
    fn inner(&mut self, ty: &Type<'a>, base: u32, depth: u32) -> Result<Inner, Error> {
        let id = ty.id();
        let depth = depth.checked_sub(1).ok_or(Error::TooDeep { id, limit: DEPTH })?;
        let is_union = ty.kind() == Kind::Union;
        let mut slots = Vec::new();
        let mut end: u64 = 0;
        for member in ty.members() {
            let member = member?;
            let mut slot = self.slot(&member, base, depth)?;
            let text = slot.declaration.len() + size_of::<Slot>();
            let too_large = Error::TooLarge { id, what: "its layout" };
            self.left = self.left.checked_sub(text).ok_or(too_large)?;
            let start = u64::from(slot.offset.0 - base);
            slot.hole = if is_union { 0 } else { start.saturating_sub(end) };
            end = end.max(start + slot.bits);
            slots.push(slot);
        }
        let size = u64::from(ty.own_size().unwrap_or_default()) * 8;
        Ok(Inner { is_union, slots, padding: size.saturating_sub(end) })
    }

    fn slot(&mut self, member: &Member<'a>, base: u32, depth: u32) -> Result<Slot, Error> {
        let ty = self.btf.resolve(member.ty)?;
        let bitfield = Bitfield::of(self.btf, member)?;
        let (offset, bits) = match bitfield {
            Some(field) => (field.offset, u64::from(field.width)),
            None => (member.offset, u64::from(self.shapes.of(member.ty)?.size) * 8),
        };
        let too_large = Error::TooLarge { id: ty.id(), what: "a member's offset" };
        let offset = base.checked_add(offset.0).map(Bits).ok_or(too_large)?;
        // Shown in place: a type that is used here alone, or whose members are called by
        // their names alone.
        let is_inline = ty.is_composite()
            && (member.name.is_empty()
                || ty.name().is_empty() && self.btf.unqualified(member.ty)?.id() == ty.id());
        let inner = if is_inline { Some(self.inner(&ty, offset.0, depth)?) } else { None };
        let mut declaration = c::title(self.btf, member.ty, member.name)?;
        if let Some(field) = bitfield {
            // Writing to a String does not fail.
            let _ = write!(declaration, ": {}", field.width);
        }
        Ok(Slot {
            name: member.name.to_owned(),
            declaration,
            ty: member.ty,
            offset,
            bits,
            is_bitfield: bitfield.is_some(),
            hole: 0,
            inner,
        })
    }
}
