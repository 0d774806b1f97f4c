//! What a resolved relocation makes of its instruction.

use crate::core_re::error::CoreError;
use crate::core_re::kind::CoreKind;
use crate::core_re::resolution::{Resolution, Width};

/// The number of the helper function that an instruction which must not run calls:
/// `0xbad2310`, "bad relo", as libbpf and the kernel have it. The verifier says "invalid
/// func unknown#195896080" if it comes to such a call.
pub const POISON: i32 = 0x0bad_2310;

const CALL: u8 = 0x85;
const LD_IMM64: u8 = 0x18;

/// An instruction slot, its fields in the machine's byte order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// The opcode.
    pub code: u8,
    /// The destination register.
    pub dst: u8,
    /// The source register.
    pub src: u8,
    /// The offset.
    pub off: i16,
    /// The immediate.
    pub imm: i32,
}

impl Slot {
    /// A call that cannot run.
    pub const POISONED: Self = Self { code: CALL, dst: 0, src: 0, off: 0, imm: POISON };
}

/// What an instruction becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patch {
    /// Arithmetic or a move with a new immediate.
    Imm(i32),
    /// A 64-bit immediate load with a new value, in two slots.
    Imm64(u64),
    /// A load or store with a new offset, and an opcode of another width if the field's
    /// changed.
    Offset {
        /// The new offset.
        off: i16,
        /// The new opcode.
        code: u8,
    },
    /// An instruction that must never run.
    Poison {
        /// How many slots it takes: two for a 64-bit immediate load.
        slots: usize,
        /// Why.
        why: Poison,
    },
}

/// Why an instruction must never run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poison {
    /// The target has no answer.
    Missing,
    /// The target's field is of a width that the load or store cannot take.
    Width(Width),
}

impl Patch {
    /// What becomes of `slot`, with `next` behind it.
    ///
    /// # Errors
    /// The instruction is none that can be relocated, does not hold what the object's own
    /// types say, or has no room for the target's value.
    ///
    /// # Examples
    /// ```
    /// # use osmia_btf::{Btf, CoreRecord, Kind, core_re::{Patch, Relocator, Slot, Target}};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = Btf::parse(osmia_btf::doc_fixture(), None)?;
    /// # let kernel = local.clone();
    /// # let ty = local.find(Kind::Struct, "point")?.ok_or("no point")?.id();
    /// # let access = osmia_btf::StrOff(15); // "0:1"
    /// # let record = CoreRecord { insn: Default::default(), ty, access, kind: 0 };
    /// # let mut relocator = Relocator::new(&local, Target::new("vmlinux", &kernel));
    /// let resolution = relocator.resolve(&record)?;
    /// let mut code = [Slot { code: 0x61, dst: 0, src: 1, off: 4, imm: 0 }]; // r0 = *(u32 *)(r1 +4)
    /// let patch = Patch::of(&resolution, code[0], None)?;
    /// assert_eq!(patch, Patch::Offset { off: 4, code: 0x61 });
    /// patch.apply(&mut code);
    /// # Ok(())
    /// # }
    /// ```
    pub fn of(resolution: &Resolution, slot: Slot, next: Option<Slot>) -> Result<Self, CoreError> {
        let slots = if slot.code == LD_IMM64 { 2 } else { 1 };
        let Some(value) = resolution.target else {
            return Ok(Self::Poison { slots, why: Poison::Missing });
        };
        match slot.code & 0x07 {
            0x04 | 0x07 => immediate(resolution, slot, value),
            0x01..=0x03 => offset(resolution, slot, value),
            0x00 if slot.code == LD_IMM64 => immediate_64(resolution, slot, next, value),
            _ => Err(refused(slot, "it has neither an offset nor an immediate of its own")),
        }
    }

    /// Changes the instruction at the start of `slots`.
    pub fn apply(self, slots: &mut [Slot]) {
        match (self, slots) {
            (Self::Imm(imm), [slot, ..]) => slot.imm = imm,
            (Self::Imm64(value), [low, high, ..]) => {
                low.imm = value as i32;
                high.imm = (value >> 32) as i32;
            }
            (Self::Offset { off, code }, [slot, ..]) => {
                slot.off = off;
                slot.code = code;
            }
            (Self::Poison { slots: count, .. }, slots) => {
                slots.iter_mut().take(count).for_each(|slot| *slot = Slot::POISONED);
            }
            (Self::Imm(_) | Self::Imm64(_) | Self::Offset { .. }, _) => {}
        }
    }
}

fn refused(slot: Slot, problem: &'static str) -> CoreError {
    CoreError::Slot { code: slot.code, problem }
}

/// Checks what the instruction holds.
fn check(resolution: &Resolution, place: &'static str, found: i64) -> Result<(), CoreError> {
    let expected = resolution.original as i64;
    if resolution.validate && found != expected {
        return Err(CoreError::Stale { place, found, expected });
    }
    Ok(())
}

fn immediate(resolution: &Resolution, slot: Slot, value: u64) -> Result<Patch, CoreError> {
    if slot.code & 0x08 != 0 {
        return Err(refused(slot, "its operand is a register"));
    }
    check(resolution, "immediate", slot.imm.into())?;
    // 64-bit arithmetic sign-extends its immediate; 32-bit arithmetic has no use for more.
    let is_64 = slot.code & 0x07 == 0x07;
    let fits = i32::try_from(value as i64).ok();
    let imm = fits.or_else(|| u32::try_from(value).ok().filter(|_| !is_64).map(|imm| imm as i32));
    imm.map(Patch::Imm).ok_or(CoreError::Range { place: "immediate", value })
}

fn offset(resolution: &Resolution, slot: Slot, value: u64) -> Result<Patch, CoreError> {
    check(resolution, "offset", slot.off.into())?;
    let off = i16::try_from(value).map_err(|_| CoreError::Range { place: "offset", value })?;
    let width = resolution.width;
    if width.is_wrong() {
        return Ok(Patch::Poison { slots: 1, why: Poison::Width(width) });
    }
    if width.original == width.target {
        return Ok(Patch::Offset { off, code: slot.code });
    }
    let size = slot.code & SIZE;
    if size_bits(width.original) != Some(size) {
        return Err(refused(slot, "it is not as wide as the field in the object's own types"));
    }
    let problem = "there is no load or store as wide as the target's field";
    let wanted = size_bits(width.target).ok_or(refused(slot, problem))?;
    Ok(Patch::Offset { off, code: slot.code & !SIZE | wanted })
}

/// The bits of an opcode that tell how wide a load or store is.
const SIZE: u8 = 0x18;

fn size_bits(bytes: u32) -> Option<u8> {
    match bytes {
        1 => Some(0x10),
        2 => Some(0x08),
        4 => Some(0x00),
        8 => Some(0x18),
        _ => None,
    }
}

fn immediate_64(
    resolution: &Resolution,
    slot: Slot,
    next: Option<Slot>,
    value: u64,
) -> Result<Patch, CoreError> {
    let high = next.filter(|next| Slot { imm: 0, ..*next } == Slot::default());
    let plain = high.filter(|_| slot.src == 0 && slot.off == 0);
    let high = plain.ok_or(refused(slot, "it does not load a plain number"))?;
    let found = u64::from(slot.imm as u32) | u64::from(high.imm as u32) << 32;
    // A 32-bit enumerator whose highest bit is set: compilers sign-extend it or not, as
    // the enum is signed or not, and BTF of before 2022 does not tell. The instruction does.
    let negative = |value: u64| i32::try_from(value as i64).is_ok_and(|value| value < 0);
    let unsigned = resolution.kind == CoreKind::EnumvalValue
        && negative(resolution.original)
        && found == u64::from(resolution.original as u32);
    if unsigned {
        return Ok(Patch::Imm64(if negative(value) { u64::from(value as u32) } else { value }));
    }
    check(resolution, "immediate", found as i64)?;
    Ok(Patch::Imm64(value))
}

#[cfg(test)]
mod tests {
    use super::{Patch, Poison, Slot};
    use crate::core_re::error::CoreError;
    use crate::core_re::kind::CoreKind;
    use crate::core_re::resolution::{Resolution, Width};

    const LOAD: Slot = Slot { code: 0x61, dst: 1, src: 2, off: 8, imm: 0 };
    const MOVE: Slot = Slot { code: 0xb7, dst: 1, src: 0, off: 0, imm: 8 };
    const WIDE: Slot = Slot { code: 0x18, dst: 1, src: 0, off: 0, imm: 8 };
    const REST: Slot = Slot { code: 0, dst: 0, src: 0, off: 0, imm: 0 };

    fn resolution(original: u64, target: Option<u64>) -> Resolution {
        Resolution {
            kind: CoreKind::FieldByteOffset,
            original,
            target,
            validate: true,
            width: Width { original: 4, target: 4, adjustable: true },
            found: None,
        }
    }

    #[test]
    fn what_changes() {
        let moved = resolution(8, Some(24));
        assert_eq!(Patch::of(&moved, LOAD, None), Ok(Patch::Offset { off: 24, code: 0x61 }));
        assert_eq!(Patch::of(&moved, MOVE, None), Ok(Patch::Imm(24)));
        assert_eq!(Patch::of(&moved, WIDE, Some(REST)), Ok(Patch::Imm64(24)));
        let store = Slot { code: 0x7b, ..LOAD };
        assert_eq!(Patch::of(&moved, store, None), Ok(Patch::Offset { off: 24, code: 0x7b }));
    }

    #[test]
    fn what_must_not_run() {
        let gone = resolution(8, None);
        let why = Poison::Missing;
        assert_eq!(Patch::of(&gone, LOAD, None), Ok(Patch::Poison { slots: 1, why }));
        let patch = Patch::of(&gone, WIDE, Some(REST)).unwrap();
        assert_eq!(patch, Patch::Poison { slots: 2, why });
        let mut code = [WIDE, REST, MOVE];
        patch.apply(&mut code);
        assert_eq!(code, [Slot::POISONED, Slot::POISONED, MOVE]);
        assert_eq!(Slot::POISONED.imm, 195_896_080);
    }

    #[test]
    fn widths() {
        let mut grown = resolution(8, Some(16));
        grown.width = Width { original: 4, target: 8, adjustable: true };
        assert_eq!(Patch::of(&grown, LOAD, None), Ok(Patch::Offset { off: 16, code: 0x79 }));
        let byte = Slot { code: 0x71, ..LOAD };
        assert!(matches!(Patch::of(&grown, byte, None), Err(CoreError::Slot { .. })));
        grown.width.target = 3;
        assert!(matches!(Patch::of(&grown, LOAD, None), Err(CoreError::Slot { .. })));
        grown.width = Width { original: 4, target: 8, adjustable: false };
        let why = Poison::Width(grown.width);
        assert_eq!(Patch::of(&grown, LOAD, None), Ok(Patch::Poison { slots: 1, why }));
        assert_eq!(Patch::of(&grown, MOVE, None), Ok(Patch::Imm(16)));
    }

    #[test]
    fn what_is_refused() {
        let moved = resolution(4, Some(24));
        for slot in [LOAD, MOVE] {
            assert!(matches!(Patch::of(&moved, slot, None), Err(CoreError::Stale { .. })));
        }
        assert!(matches!(Patch::of(&moved, WIDE, Some(REST)), Err(CoreError::Stale { .. })));
        let moved = resolution(8, Some(40_000));
        let offset = Err(CoreError::Range { place: "offset", value: 40_000 });
        assert_eq!(Patch::of(&moved, LOAD, None), offset);
        for (slot, next) in [
            (Slot { code: 0xbf, ..MOVE }, None),
            (Slot { code: 0x05, ..MOVE }, None),
            (WIDE, None),
            (WIDE, Some(MOVE)),
            (Slot { src: 1, ..WIDE }, Some(REST)),
            (Slot { code: 0x20, ..WIDE }, None),
        ] {
            assert!(matches!(Patch::of(&moved, slot, next), Err(CoreError::Slot { .. })));
        }
    }

    #[test]
    fn high_enumerators() {
        let mut high = resolution(0xffff_ffff_8000_0000, Some(0xffff_ffff_c000_0000));
        high.kind = CoreKind::EnumvalValue;
        let low = Slot { imm: i32::MIN, ..WIDE };
        let signed = Patch::of(&high, low, Some(Slot { imm: -1, ..REST }));
        assert_eq!(signed, Ok(Patch::Imm64(0xffff_ffff_c000_0000)));
        assert_eq!(Patch::of(&high, low, Some(REST)), Ok(Patch::Imm64(0xc000_0000)));
        high.target = Some(7);
        assert_eq!(Patch::of(&high, low, Some(REST)), Ok(Patch::Imm64(7)));
    }

    #[test]
    fn values_without_room() {
        let wide = resolution(8, Some(0xffff_fff0));
        assert!(matches!(Patch::of(&wide, MOVE, None), Err(CoreError::Range { .. })));
        let narrow = Slot { code: 0xb4, ..MOVE };
        assert_eq!(Patch::of(&wide, narrow, None), Ok(Patch::Imm(-16)));
    }
}
