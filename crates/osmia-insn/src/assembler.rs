//! Programs with labels.

use crate::error::AssembleError;
use crate::imm64::Imm64;
use crate::insn::Insn;
use crate::jump::JumpOp;
use crate::operand::Operand;
use crate::reg::Reg;
use std::collections::HashMap;

/// Writes a program whose jumps and calls name labels rather than distances.
///
/// # Examples
/// ```
/// use osmia_insn::{AluOp, Assembler, Insn, JumpOp, Reg};
///
/// // Counts r0 up to ten.
/// let insns = Assembler::new()
///     .push(Insn::mov64(Reg::R0, 0))
///     .label("again")
///     .push(Insn::alu64(AluOp::Add, Reg::R0, 1))
///     .jump64(JumpOp::Lt, Reg::R0, 10, "again")
///     .push(Insn::exit())
///     .assemble()?;
/// assert_eq!(insns[2].to_string(), "if r0 < 0xa goto pc-2");
/// # Ok::<(), osmia_insn::AssembleError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Assembler {
    insns: Vec<Insn>,
    labels: HashMap<String, usize>,
    references: Vec<Reference>,
    duplicate: Option<AssembleError>,
}

/// A slot whose distance is that of a label.
#[derive(Clone, Debug)]
struct Reference {
    index: usize,
    label: String,
    field: Field,
}

/// Where the distance goes.
#[derive(Clone, Copy, Debug)]
enum Field {
    Off,
    Imm,
}

impl Assembler {
    /// An empty program.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends one instruction.
    pub fn push(&mut self, insn: Insn) -> &mut Self {
        self.insns.push(insn);
        self
    }

    /// Appends several slots, such as those of [`Insn::ld_imm64`].
    pub fn extend(&mut self, insns: impl IntoIterator<Item = Insn>) -> &mut Self {
        self.insns.extend(insns);
        self
    }

    /// Places a label before the next instruction.
    pub fn label(&mut self, label: impl Into<String>) -> &mut Self {
        let (label, second) = (label.into(), self.insns.len());
        if let Some(first) = self.labels.insert(label.clone(), second) {
            self.duplicate.get_or_insert(AssembleError::DuplicateLabel { label, first, second });
        }
        self
    }

    /// `goto label`.
    pub fn goto(&mut self, label: impl Into<String>) -> &mut Self {
        self.refer(Insn::goto(0), label, Field::Off)
    }

    /// `gotol label`, for labels that a `goto` cannot reach.
    pub fn gotol(&mut self, label: impl Into<String>) -> &mut Self {
        self.refer(Insn::gotol(0), label, Field::Imm)
    }

    /// `may_goto label`.
    pub fn may_goto(&mut self, label: impl Into<String>) -> &mut Self {
        self.refer(Insn::may_goto(0), label, Field::Off)
    }

    /// `if dst op src goto label`, comparing 64 bits.
    pub fn jump64(
        &mut self,
        op: JumpOp,
        dst: Reg,
        src: impl Into<Operand>,
        label: impl Into<String>,
    ) -> &mut Self {
        self.refer(Insn::jump64(op, dst, src, 0), label, Field::Off)
    }

    /// `if dst op src goto label`, comparing 32 bits.
    pub fn jump32(
        &mut self,
        op: JumpOp,
        dst: Reg,
        src: impl Into<Operand>,
        label: impl Into<String>,
    ) -> &mut Self {
        self.refer(Insn::jump32(op, dst, src, 0), label, Field::Off)
    }

    /// Calls the subprogram that begins at the label.
    pub fn call(&mut self, label: impl Into<String>) -> &mut Self {
        self.refer(Insn::call_subprogram(0), label, Field::Imm)
    }

    /// Loads the address of the subprogram that begins at the label, for helpers that take a callback.
    pub fn func(&mut self, dst: Reg, label: impl Into<String>) -> &mut Self {
        let [first, second] = Imm64::Func(0).slots(dst);
        self.refer(first, label, Field::Imm).push(second)
    }

    /// The program, with every distance filled in.
    ///
    /// # Errors
    /// When a label is missing, placed twice, or out of reach.
    pub fn assemble(&self) -> Result<Vec<Insn>, AssembleError> {
        if let Some(duplicate) = &self.duplicate {
            return Err(duplicate.clone());
        }
        let mut insns = self.insns.clone();
        for reference in &self.references {
            if let Some(insn) = insns.get_mut(reference.index) {
                self.resolve(reference, insn)?;
            }
        }
        Ok(insns)
    }

    fn refer(&mut self, insn: Insn, label: impl Into<String>, field: Field) -> &mut Self {
        let (index, label) = (self.insns.len(), label.into());
        self.references.push(Reference { index, label, field });
        self.push(insn)
    }

    fn resolve(&self, reference: &Reference, insn: &mut Insn) -> Result<(), AssembleError> {
        let (index, label) = (reference.index, &reference.label);
        let Some(&place) = self.labels.get(label) else {
            return Err(AssembleError::UnknownLabel { index, label: label.clone() });
        };
        let distance = signed(place).saturating_sub(signed(index)).saturating_sub(1);
        let too_far = |_| AssembleError::TooFar { index, label: label.clone(), distance };
        match reference.field {
            Field::Off => insn.off = distance.try_into().map_err(too_far)?,
            Field::Imm => insn.imm = distance.try_into().map_err(too_far)?,
        }
        Ok(())
    }
}

/// A slot number as a signed one. A `Vec` of slots is always short enough.
fn signed(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}
