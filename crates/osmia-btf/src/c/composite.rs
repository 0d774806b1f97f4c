//! Structs and unions in C.

use crate::bitfield::Bitfield;
use crate::c::base::{write_number, write_to};
use crate::c::padding::write_gap;
use crate::c::writer::{Writer, indent};
use crate::error::Error;
use crate::kind::Kind;
use crate::shape::Shape;
use crate::ty::{Member, Type};

/// A member's place in bits.
struct Field {
    start: u64,
    end: u64,
    /// The width, if it is a bitfield.
    width: Option<u32>,
}

impl Field {
    fn of(member: &Member<'_>, shape: Shape, bitfield: Option<Bitfield>) -> Self {
        let (start, bits, width) = match bitfield {
            Some(field) => (field.offset, u64::from(field.width), Some(field.width)),
            None => (member.offset, u64::from(shape.size) * 8, None),
        };
        let start = u64::from(start.0);
        Self { start, end: start + bits, width }
    }

    /// Where C puts the member behind one that ends at `at`, in bits.
    fn natural_start(&self, at: u64, shape: Shape, packed: bool) -> u64 {
        let align = u64::from(if packed { 1 } else { shape.align }) * 8;
        match self.width {
            None => at.next_multiple_of(align),
            Some(_) if packed => at,
            Some(width) => {
                let unit = u64::from(shape.size).max(1) * 8;
                let crosses = at % unit + u64::from(width) > unit;
                if crosses { at.next_multiple_of(unit) } else { at }
            }
        }
    }
}

impl<'a> Writer<'a> {
    /// Writes ` { members }` and the attributes that give the struct or union its layout.
    pub(super) fn composite_body(
        &mut self,
        ty: &Type<'a>,
        level: usize,
        depth: u32,
    ) -> Result<(), Error> {
        let size = ty.own_size().unwrap_or_default();
        if ty.vlen() == 0 && size == 0 {
            self.text.push_str(" {}");
            return Ok(());
        }
        self.text.push_str(" {\n");
        let packed = self.shapes.is_packed(ty.id())?;
        let tags = self.catalog.tags.get(&ty.id()).map_or(&[][..], Vec::as_slice);
        let is_struct = ty.kind() == Kind::Struct;
        let mut align = 1;
        let mut end: u64 = 0;
        for (index, member) in ty.members().enumerate() {
            let member = member?;
            let shape = self.shapes.of(member.ty)?;
            align = align.max(shape.align);
            if member.name.is_empty() && !self.is_composite(member.ty)? {
                // Nameless bits: whoever comes next is padded up to.
                continue;
            }
            let field = Field::of(&member, shape, self.shapes.bitfield(&member)?);
            if is_struct && field.start > field.natural_start(end, shape, packed) {
                write_gap(&mut self.text, end, field.start, level + 1);
            }
            end = if is_struct { field.end } else { end.max(field.end) };
            self.member(&member, field.width, level + 1, depth)?;
            self.tags(tags, Some(index as u32));
            self.text.push_str(";\n");
            self.check_size(ty.id())?;
        }
        let align = if packed { 1 } else { align };
        self.tail(u64::from(size) * 8, end, align, is_struct, level);
        indent(&mut self.text, level);
        self.text.push('}');
        if packed {
            self.text.push_str(" __attribute__((packed))");
        } else if ty.vlen() == 0 {
            let align = self.shapes.of(ty.id())?.align;
            write_to(&mut self.text, format_args!(" __attribute__((aligned({align})))"));
        }
        Ok(())
    }

    fn member(
        &mut self,
        member: &Member<'a>,
        width: Option<u32>,
        level: usize,
        depth: u32,
    ) -> Result<(), Error> {
        indent(&mut self.text, level);
        if member.name.is_empty() {
            // A named struct without a member name is an extension that few compile
            // with; its members in place give the same layout and the same names.
            self.inline_composite(member.ty, level, depth)?;
        } else {
            self.declaration(member.ty, member.name, level, depth)?;
        }
        if let Some(width) = width {
            self.text.push_str(": ");
            write_number(&mut self.text, u64::from(width));
        }
        Ok(())
    }

    /// Fills what C would leave off behind the last member.
    fn tail(&mut self, size: u64, end: u64, align: u32, is_struct: bool, level: usize) {
        if size <= end.next_multiple_of(u64::from(align) * 8) {
            return;
        }
        if is_struct {
            write_gap(&mut self.text, end, size, level + 1);
        } else {
            indent(&mut self.text, level + 1);
            self.text.push_str("struct {\n");
            write_gap(&mut self.text, 0, size, level + 2);
            indent(&mut self.text, level + 1);
            self.text.push_str("};\n");
        }
    }
}
