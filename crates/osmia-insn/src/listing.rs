//! Listings of programs.

use crate::insn::Insn;
use crate::names::{KernelNames, Names};
use crate::opcode::Opcode;
use crate::operation::Operation;
use crate::text::Text;
use std::fmt::{self, Display, Formatter};
use std::ops::Range;

/// Walks a stream of slots instruction by instruction.
///
/// The two slots of a 64-bit immediate load are one [`Line`]. A first slot without its second is a line of its own, and
/// unknown.
///
/// # Examples
/// ```
/// use osmia_insn::{Insn, Listing, Reg};
/// let mut insns = Vec::from(Insn::ld_imm64(Reg::R1, 1 << 40));
/// insns.extend([Insn::mov64(Reg::R0, 0), Insn::exit()]);
/// let lines: Vec<String> = Listing::new(&insns).map(|line| line.to_string()).collect();
/// assert_eq!(lines, ["0: (18) r1 = 0x10000000000", "2: (b7) r0 = 0", "3: (95) exit"]);
/// ```
#[derive(Clone, Debug)]
pub struct Listing<'a> {
    insns: &'a [Insn],
    index: usize,
}

impl<'a> Listing<'a> {
    /// Starts at the first of these slots.
    pub const fn new(insns: &'a [Insn]) -> Self {
        Self { insns, index: 0 }
    }

    /// Walks only these slots, as of a [`Block`](crate::Block). The lines keep their places in the whole program.
    pub fn range(insns: &'a [Insn], slots: Range<usize>) -> Self {
        Self { insns: insns.get(..slots.end).unwrap_or(insns), index: slots.start }
    }
}

impl Iterator for Listing<'_> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        let (index, insn) = (self.index, *self.insns.get(self.index)?);
        let second = self.insns.get(index + 1).copied();
        let second = second.filter(|s| insn.is_wide() && s.code == Opcode::LD_IMM64_SECOND);
        let line = Line { index, insn, second };
        self.index = line.next_index();
        Some(line)
    }
}

/// An instruction at its place in a program.
///
/// Displayed as the verifier prints it: `index: (opcode) text`, or `index: BUG_...` for an unknown encoding.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Line {
    /// Index of the first slot.
    pub index: usize,
    /// The first slot.
    pub insn: Insn,
    /// The second slot of a 64-bit immediate load.
    pub second: Option<Insn>,
}

impl Line {
    /// What the instruction does.
    pub const fn operation(self) -> Operation {
        Operation::of(self.insn, self.second)
    }

    /// Index of the slot after this instruction.
    pub const fn next_index(self) -> usize {
        self.index.saturating_add(if self.second.is_some() { 2 } else { 1 })
    }

    /// Whether a known instruction sets fields that it does not use. The verifier refuses those.
    ///
    /// # Examples
    /// ```
    /// use osmia_insn::{Insn, Line, Reg};
    /// let insn = Insn { off: 1, ..Insn::exit() };
    /// assert!(Line { index: 0, insn, second: None }.uses_reserved_fields());
    /// ```
    pub fn uses_reserved_fields(self) -> bool {
        let operation = self.operation();
        !matches!(operation, Operation::Unknown(_)) && operation.slots() != (self.insn, self.second)
    }

    /// The same line with names for what it refers to.
    pub fn named(self, names: &dyn Names) -> impl Display {
        NamedLine { line: self, names }
    }
}

impl Display for Line {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        NamedLine { line: *self, names: &KernelNames }.fmt(f)
    }
}

struct NamedLine<'a> {
    line: Line,
    names: &'a dyn Names,
}

impl Display for NamedLine<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (index, operation) = (self.line.index, self.line.operation());
        write!(f, "{index}: ")?;
        if !matches!(operation, Operation::Unknown(_)) {
            write!(f, "({:02x}) ", self.line.insn.code)?;
        }
        Text { operation, index, names: self.names }.fmt(f)
    }
}
