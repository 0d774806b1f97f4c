//! Second operands.

use crate::reg::Reg;
use crate::source::Source;

/// The second operand of arithmetic, a jump or a store.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Operand {
    /// A constant; 64-bit instructions extend its sign.
    Imm(i32),
    /// A register.
    Reg(Reg),
}

impl Operand {
    /// The opcode bit that says which kind this is.
    pub const fn source(self) -> Source {
        match self {
            Self::Imm(_) => Source::Imm,
            Self::Reg(_) => Source::Reg,
        }
    }

    /// What goes into the `src` and `imm` fields.
    pub(crate) const fn fields(self) -> (Reg, i32) {
        match self {
            Self::Imm(imm) => (Reg::R0, imm),
            Self::Reg(reg) => (reg, 0),
        }
    }
}

impl From<i32> for Operand {
    fn from(imm: i32) -> Self {
        Self::Imm(imm)
    }
}

impl From<Reg> for Operand {
    fn from(reg: Reg) -> Self {
        Self::Reg(reg)
    }
}
