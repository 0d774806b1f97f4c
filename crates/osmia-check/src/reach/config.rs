//! Values of the kernel's configuration that are known.

use std::collections::HashMap;

use osmia_btf::Endian;
use osmia_insn::Size;
use osmia_object::kconfig::{Facts, Needs, values};
use osmia_object::{ExternKind, ExternSpec, ObjectSpec};

use crate::reach::step;

/// The externs of the configuration whose values are known, by their places in `.kconfig`.
#[derive(Debug, Default)]
pub(super) struct Settled(HashMap<usize, Vec<u8>>);

impl Settled {
    pub fn of(object: &ObjectSpec, facts: Facts<'_>) -> Self {
        Self(object.externs.values().filter_map(|spec| value(object, spec, facts)).collect())
    }

    /// The number at a place, if it is the whole of a value that is known.
    pub fn number(&self, endian: Endian, offset: usize, size: Size) -> Option<u64> {
        let bytes = self.0.get(&offset).filter(|bytes| bytes.len() == size.bytes())?;
        Some(step::number(endian, bytes.iter().copied()))
    }
}

/// The place and the bytes of an extern.
fn value(object: &ObjectSpec, spec: &ExternSpec, facts: Facts<'_>) -> Option<(usize, Vec<u8>)> {
    let ExternKind::Kconfig { offset, size } = spec.kind else { return None };
    let needs = Needs::of([spec.name.as_str()]);
    let known =
        (needs.config && facts.config.is_some()) || (needs.version && facts.version.is_some());
    // Longer ones are texts.
    if !known || size > 8 {
        return None;
    }
    // What cannot be had is told where it is refused.
    let all = values(object, [spec.name.as_str()], &facts).ok()?;
    let (offset, end) = (offset as usize, (offset as usize).checked_add(size as usize)?);
    let byte = |at| all.get(at).copied().unwrap_or_default();
    Some((offset, (offset..end).map(byte).collect()))
}
