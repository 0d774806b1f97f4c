//! What one instruction does with the addresses of constants.

use bytes::Bytes;
use indexmap::IndexMap;
use osmia_btf::Endian;
use osmia_insn::{AluOp, AtomicOp, Imm64, Operand, Operation, Reg, Size, Width};

use crate::fold::held::{ARGUMENTS, Held, Place, Registers};
use crate::fold::helper_arity::helper_arity;
use crate::fold::reference;
use crate::fold::refusal::{Refused, Use};
use crate::linked_program::LinkedProgram;
use crate::object_spec::ObjectSpec;

/// A load of a constant that is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    /// Its slot.
    pub at: u32,
    pub dst: Reg,
    pub value: u64,
}

/// The constants that a program refers to.
pub(super) struct Constants {
    endian: Endian,
    /// Sections by name, with their sizes and values.
    sections: IndexMap<String, (u32, Bytes)>,
    /// The places of references, by slot.
    places: IndexMap<u32, Place>,
}

impl Constants {
    pub fn of(
        program: &LinkedProgram,
        object: &ObjectSpec,
        values: impl Fn(&str) -> Option<Bytes>,
    ) -> Self {
        let mut constants =
            Self { endian: object.endian, sections: IndexMap::new(), places: IndexMap::new() };
        for relocation in &program.relocations {
            let Some((map, offset)) = reference(&relocation.target) else { continue };
            let section = match constants.sections.get_index_of(map) {
                Some(section) => section,
                None => match values(map).zip(object.maps.get(map)) {
                    Some((value, spec)) => {
                        constants.sections.insert_full(map.to_owned(), (spec.value_size, value)).0
                    }
                    None => continue,
                },
            };
            // Sections end before that; what lies beyond is refused when it is read.
            let offset = i32::try_from(offset).unwrap_or(i32::MAX);
            let section = section as u32;
            constants.places.insert(relocation.at, Place { section, offset });
        }
        constants
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The slots that refer to constants.
    pub fn references(&self) -> impl Iterator<Item = u32> {
        self.places.keys().copied()
    }

    /// Whether the instruction in this slot refers to one.
    pub fn holds(&self, at: u32) -> bool {
        self.places.contains_key(&at)
    }

    /// The name of a place's section.
    pub fn section(&self, place: Place) -> &str {
        self.sections.get_index(place.section as usize).map_or("", |(name, _)| name)
    }

    fn referred(&self, at: usize) -> Held {
        let place = u32::try_from(at).ok().and_then(|at| self.places.get(&at));
        place.map_or(Held::Other, |&place| Held::Address(place))
    }

    /// The number that a load from a place yields.
    fn number(&self, place: Place, size: Size, signed: bool) -> Option<u64> {
        let (_, (limit, value)) = self.sections.get_index(place.section as usize)?;
        let start = usize::try_from(place.offset).ok()?;
        let end = start.checked_add(size.bytes())?;
        if end > *limit as usize {
            return None;
        }
        let mut bytes: Vec<u8> =
            (start..end).map(|at| value.get(at).copied().unwrap_or_default()).collect();
        if self.endian == Endian::Little {
            bytes.reverse();
        }
        let number = bytes.iter().fold(0, |number: u64, &byte| number << 8 | u64::from(byte));
        let unused = 64 - u32::from(size.bit_len());
        Some(if signed { ((number << unused) as i64 >> unused) as u64 } else { number })
    }

    /// What an instruction does with constants: reads one, has nothing to do with them, or uses
    /// the address of one for something else.
    pub fn examine(
        &self,
        at: usize,
        operation: Operation,
        held: &Registers,
    ) -> Result<Option<Load>, Refused> {
        let refuse = |reg: Reg, how: Use| match held.get(reg).constant() {
            Some(place) => Err(Refused { at, place, how }),
            None => Ok(()),
        };
        let refuse_operand = |src: Operand, how: Use| match src {
            Operand::Reg(reg) => refuse(reg, how),
            Operand::Imm(_) => Ok(()),
        };
        match operation {
            Operation::Load { size, signed, dst, base, off } => {
                return self.load(at, held.get(base), off, (size, signed, dst));
            }
            Operation::Mov { width: Width::W64, .. } | Operation::LdImm64 { .. } => {}
            Operation::Alu { dst, src, .. } => {
                if moved(operation, held.get(dst)).is_none() {
                    refuse(dst, Use::Arithmetic)?;
                    refuse_operand(src, Use::Arithmetic)?;
                }
            }
            Operation::Mov { src, .. } => refuse_operand(src, Use::Arithmetic)?,
            Operation::Neg { dst, .. } | Operation::Endian { dst, .. } => {
                refuse(dst, Use::Arithmetic)?;
            }
            Operation::MovSx { src, .. } | Operation::LdInd { src, .. } => {
                refuse(src, Use::Arithmetic)?;
            }
            Operation::Store { base, src, .. } => {
                refuse(base, Use::Written)?;
                refuse_operand(src, Use::Stored)?;
            }
            Operation::Atomic { base, src, op, .. } => {
                refuse(base, Use::Written)?;
                refuse(src, Use::Stored)?;
                if op == AtomicOp::CmpXchg {
                    refuse(Reg::R0, Use::Stored)?;
                }
            }
            Operation::StoreRelease { base, src, .. } => {
                refuse(base, Use::Written)?;
                refuse(src, Use::Stored)?;
            }
            Operation::Jump { dst, src, .. } => {
                refuse(dst, Use::Compared)?;
                refuse_operand(src, Use::Compared)?;
            }
            Operation::Call { helper } => {
                for reg in ARGUMENTS.into_iter().take(helper_arity(helper)) {
                    refuse(reg, Use::Helper(helper))?;
                }
            }
            Operation::CallKfunc { .. } => {
                ARGUMENTS.into_iter().try_for_each(|reg| refuse(reg, Use::Passed))?;
            }
            Operation::Exit => refuse(Reg::R0, Use::Returned)?,
            // Subprograms are followed into.
            Operation::CallSubprogram { .. }
            | Operation::LdAbs { .. }
            | Operation::Goto { .. }
            | Operation::GotoL { .. }
            | Operation::MayGoto { .. }
            | Operation::Nospec => {}
            Operation::LoadAcquire { base, .. } => refuse(base, Use::Other)?,
            Operation::AddrSpaceCast { src, .. } | Operation::PercpuAddr { src, .. } => {
                refuse(src, Use::Other)?;
            }
            Operation::GotoX { dst } | Operation::CallX { dst } => refuse(dst, Use::Other)?,
            // What nobody knows may use anything.
            _ => (0..16).filter_map(Reg::new).try_for_each(|reg| refuse(reg, Use::Other))?,
        }
        Ok(None)
    }

    fn load(
        &self,
        at: usize,
        base: Held,
        off: i16,
        (size, signed, dst): (Size, bool, Reg),
    ) -> Result<Option<Load>, Refused> {
        match base {
            Held::Other => Ok(None),
            Held::Unclear(place) => Err(Refused { at, place, how: Use::Unclear }),
            Held::Address(place) => {
                let read = Place { offset: place.offset.saturating_add(off.into()), ..place };
                let value = self.number(read, size, signed);
                let value = value.ok_or(Refused { at, place: read, how: Use::Beyond })?;
                Ok(Some(Load { at: at as u32, dst, value }))
            }
        }
    }

    /// What registers hold behind an instruction.
    pub fn follow(&self, at: usize, operation: Operation, held: &mut Registers) {
        match operation {
            Operation::LdImm64 { dst, value } => {
                let plain = matches!(value, Imm64::Func(_));
                held.set(dst, if plain { Held::Other } else { self.referred(at) });
            }
            Operation::Mov { width: Width::W64, dst, src: Operand::Reg(src) } => {
                held.set(dst, held.get(src));
            }
            Operation::Alu { dst, .. } => {
                held.set(dst, moved(operation, held.get(dst)).unwrap_or_default());
            }
            Operation::Mov { dst, .. }
            | Operation::MovSx { dst, .. }
            | Operation::Neg { dst, .. }
            | Operation::Endian { dst, .. }
            | Operation::Load { dst, .. }
            | Operation::LoadAcquire { dst, .. }
            | Operation::AddrSpaceCast { dst, .. }
            | Operation::PercpuAddr { dst, .. } => held.set(dst, Held::Other),
            Operation::Atomic { op: AtomicOp::CmpXchg, .. } => held.set(Reg::R0, Held::Other),
            Operation::Atomic { op, src, .. } if op.fetches() => held.set(src, Held::Other),
            Operation::LdAbs { .. }
            | Operation::LdInd { .. }
            | Operation::Call { .. }
            | Operation::CallSubprogram { .. }
            | Operation::CallKfunc { .. }
            | Operation::CallX { .. } => held.after_call(),
            _ => {}
        }
    }
}

/// The address of a constant, moved by a number of bytes that the instruction tells.
fn moved(operation: Operation, held: Held) -> Option<Held> {
    let Operation::Alu { width: Width::W64, op, src: Operand::Imm(imm), .. } = operation else {
        return None;
    };
    let Held::Address(place) = held else { return None };
    let distance = match op {
        AluOp::Add => imm,
        AluOp::Sub => imm.checked_neg()?,
        _ => return None,
    };
    Some(Held::Address(Place { offset: place.offset.checked_add(distance)?, ..place }))
}
