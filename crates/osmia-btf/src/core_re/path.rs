//! A way from a type to a field in it.

use crate::core_re::access::DEPTH;
use crate::core_re::side::Side;
use crate::error::Error;
use crate::id::TypeId;
use crate::ty::{Array, Member};

/// Offsets are 32 bits wide in BTF, the kernel and libbpf.
const MOST: u64 = u32::MAX as u64;

/// A step that C shows: a named member or an array's element. Anonymous members are no steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step<'a> {
    /// The struct or union that has the member; for elements, the element's own type.
    pub holder: TypeId,
    /// The member's or element's number.
    pub index: u32,
    /// The member's name; `None` for elements.
    pub name: Option<&'a str>,
    /// The type that the step leads to.
    pub ty: TypeId,
    /// A bitfield's width.
    pub bits: Option<u32>,
}

/// The steps from a type to a field, and where they lead.
#[derive(Clone, Debug, Default)]
pub(super) struct Path<'a> {
    /// What C shows; the first is the element that a pointer to the type points to.
    pub steps: Vec<Step<'a>>,
    /// Every index on the way, those of anonymous members included.
    pub raw: Vec<u32>,
    /// Where the field begins, in bits.
    pub bits: u64,
}

impl<'a> Path<'a> {
    /// Steps to an element of this type, modifiers not counted.
    pub fn element(&mut self, side: Side<'_>, of: TypeId, index: u32) -> Result<(), Error> {
        let holder = side.btf.resolve(of)?.id();
        let width = u64::from(side.size_of(holder)?) * 8;
        let offset = width.checked_mul(u64::from(index)).ok_or(too_large(holder))?;
        self.enter(holder, index, offset)?;
        self.steps.push(Step { holder, index, name: None, ty: holder, bits: None });
        Ok(())
    }

    /// Steps to a member; an anonymous one is gone through, but not recorded as a step.
    pub fn member(&mut self, holder: TypeId, index: u32, to: &Member<'a>) -> Result<(), Error> {
        self.enter(holder, index, u64::from(to.offset.0))?;
        if !to.name.is_empty() {
            let (name, ty, bits) = (Some(to.name), to.ty, to.bitfield);
            self.steps.push(Step { holder, index, name, ty, bits });
        }
        Ok(())
    }

    /// Takes back an anonymous member that led nowhere.
    pub fn leave(&mut self, member: &Member<'_>) {
        self.raw.pop();
        self.bits = self.bits.saturating_sub(u64::from(member.offset.0));
    }

    fn enter(&mut self, ty: TypeId, index: u32, bits: u64) -> Result<(), Error> {
        if self.raw.len() == DEPTH {
            return Err(Error::TooDeep { id: ty, limit: DEPTH as u32 });
        }
        self.raw.push(index);
        let sum = self.bits.checked_add(bits).filter(|&sum| sum <= MOST);
        self.bits = sum.ok_or(too_large(ty))?;
        Ok(())
    }

    /// Whether an array that the path has come to has such an element; a flexible
    /// array, without length and the last member of its struct, has any.
    pub fn has_element(&self, side: Side<'_>, array: &Array, index: u32) -> Result<bool, Error> {
        if index < array.len {
            return Ok(true);
        }
        match self.steps.last() {
            Some(step) if array.len == 0 && step.name.is_some() => {
                Ok(step.index.checked_add(1) == Some(side.btf.ty(step.holder)?.vlen()))
            }
            _ => Ok(false),
        }
    }
}

fn too_large(id: TypeId) -> Error {
    Error::TooLarge { id, what: "an offset into it" }
}
