//! Where the members of a struct are, and what is between them.

use crate::generate::names::Claims;
use crate::generate::types::model::{Bitfield, Field, FieldKind, Struct, Ty};

/// The size and alignment that C gives a type, and the alignment that Rust gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub size: u32,
    pub align: u32,
    pub rust_align: u32,
}

/// A member, as BTF tells it.
#[derive(Debug)]
pub(crate) struct Member {
    /// Its name in Rust.
    pub name: String,
    pub anonymous: bool,
    pub ty: Ty,
    pub shape: Shape,
    /// Its first bit.
    pub at: u32,
    /// Its count of bits, if it is a bitfield.
    pub width: Option<u32>,
}

impl Member {
    /// Whether C puts it there without being told to pack.
    fn is_natural(&self) -> bool {
        match self.width {
            // A bitfield does not cross a border of its type's units.
            Some(width) => {
                let unit = u64::from(self.shape.size.max(1)) * 8;
                u64::from(self.at) % unit + u64::from(width) <= unit
            }
            None => u64::from(self.at) % (u64::from(self.shape.align) * 8) == 0,
        }
    }

    /// The bit behind its last one.
    pub fn end(&self) -> u64 {
        let bits = self.width.map_or(u64::from(self.shape.size) * 8, u64::from);
        u64::from(self.at) + bits
    }
}

/// The alignment of a struct or union of this size with these members; 1 if it is packed.
///
/// BTF records neither `packed` nor `aligned(n)`. The former shows in places that the members
/// could not have otherwise. The latter shows only in gaps, which can have other reasons;
/// the members' places and the size are right without it.
pub(crate) fn align(size: u32, members: &[Member]) -> u32 {
    if members.is_empty() {
        // Unnamed bits only, as in `struct bpf_timer`, which the kernel wants aligned.
        return if size == 0 { 1 } else { 1 << size.trailing_zeros().min(3) };
    }
    let align = members.iter().map(|member| member.shape.align).max().unwrap_or(1);
    let natural = size % align == 0 && members.iter().all(Member::is_natural);
    if natural { align } else { 1 }
}

/// Lays out a struct; the error says what contradicts what.
pub(crate) fn lay_out(size: u32, align: u32, members: Vec<Member>) -> Result<Struct, String> {
    let given = members.iter().filter(|member| member.width.is_none());
    let given = given.map(|member| member.shape.rust_align).max().unwrap_or(1);
    let out = Struct { packed: given > align, raise_align: given < align, ..Struct::default() };
    let mut layout = Layout { names: Claims::default(), end: 0, out };
    for member in &members {
        layout.names.claim_exactly(&member.name);
    }
    let mut members = members.into_iter().peekable();
    while let Some(member) = members.next() {
        if member.width.is_none() {
            layout.member(member)?;
            continue;
        }
        let mut run = vec![member];
        while let Some(next) = members.next_if(|next| next.width.is_some()) {
            run.push(next);
        }
        layout.bits(run)?;
    }
    layout.pad_to(size, "the members are larger than the whole")?;
    Ok(layout.out)
}

struct Layout {
    names: Claims,
    /// The byte behind the last field.
    end: u32,
    out: Struct,
}

impl Layout {
    fn member(&mut self, member: Member) -> Result<(), String> {
        let Member { name, anonymous, ty, shape, at, .. } = member;
        if at % 8 != 0 {
            return Err(format!("member `{name}` begins within a byte"));
        }
        self.pad_to(at / 8, &format!("member `{name}` overlaps the one in front of it"))?;
        self.push(name, FieldKind::Member { ty, anonymous }, shape.size)
    }

    /// Bitfields in a row share a field.
    fn bits(&mut self, run: Vec<Member>) -> Result<(), String> {
        let start = run.first().map_or(0, |first| first.at / 8);
        let storage = self.names.claim(&format!("_bits{}", self.count_bits()), "_");
        let mut end = u64::from(start) * 8;
        for member in run {
            let Member { name, ty, at, width: Some(width), .. } = member else { continue };
            let member_end = u64::from(at) + u64::from(width);
            if u64::from(at) < end || width == 0 || width > 128 {
                return Err(format!("bitfield `{name}` overlaps the one in front of it"));
            }
            end = member_end;
            let storage = Some(storage.clone());
            self.out.bitfields.push(Bitfield { name, storage, at: at - start * 8, width, ty });
        }
        self.pad_to(start, "a bitfield overlaps the member in front of it")?;
        let bytes = end.div_ceil(8) - u64::from(start);
        let bytes = u32::try_from(bytes).map_err(|_| "a bitfield ends too far away".to_owned())?;
        self.push(storage, FieldKind::Bits(bytes), bytes)
    }

    fn push(&mut self, name: String, kind: FieldKind, size: u32) -> Result<(), String> {
        let offset = self.end;
        self.end = offset.checked_add(size).ok_or_else(|| format!("`{name}` is too large"))?;
        self.out.fields.push(Field { name, offset, kind });
        Ok(())
    }

    fn pad_to(&mut self, offset: u32, otherwise: &str) -> Result<(), String> {
        let gap = offset.checked_sub(self.end).ok_or_else(|| otherwise.to_owned())?;
        if gap == 0 {
            return Ok(());
        }
        let count = self.count(|kind| matches!(kind, FieldKind::Padding(_)));
        let name = self.names.claim(&format!("_pad{count}"), "_");
        self.push(name, FieldKind::Padding(gap), gap)
    }

    fn count_bits(&self) -> usize {
        self.count(|kind| matches!(kind, FieldKind::Bits(_)))
    }

    fn count(&self, of: impl Fn(&FieldKind) -> bool) -> usize {
        self.out.fields.iter().filter(|field| of(&field.kind)).count()
    }
}
