//! Control flow of a program.

mod build;

use std::fmt::{self, Display, Formatter};
use std::ops::Range;

/// The basic blocks of a program, the edges between them, and the functions they belong to.
///
/// Every program has a graph, also one that a kernel would refuse: an edge that leads to no instruction says so.
///
/// # Examples
/// ```
/// use osmia_insn::{AluOp, Assembler, Cfg, Insn, JumpOp, Reg, Target};
///
/// let insns = Assembler::new()
///     .push(Insn::mov64(Reg::R0, 0))
///     .label("again")
///     .push(Insn::alu64(AluOp::Add, Reg::R0, 1))
///     .jump64(JumpOp::Lt, Reg::R0, 10, "again")
///     .push(Insn::exit())
///     .assemble()?;
/// let cfg = Cfg::new(&insns);
/// let slots: Vec<_> = cfg.blocks().iter().map(|block| block.slots.clone()).collect();
/// assert_eq!(slots, [0..1, 1..3, 3..4]);
/// assert_eq!(cfg.blocks()[1].jump, Some(Target::Block(1)));
/// assert_eq!(cfg.label(1).unwrap().to_string(), "L1");
/// # Ok::<(), osmia_insn::AssembleError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cfg {
    blocks: Vec<Block>,
    functions: Vec<usize>,
    calls: Vec<Call>,
}

/// Instructions that run one after the other: entered at the first, left after the last.
///
/// Calls do not end a block. A block without edges ends in `exit` or in a jump through a register.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// The block's slots.
    pub slots: Range<usize>,
    /// Index of the function that it belongs to, into [`Cfg::functions`].
    pub function: usize,
    /// Whether something jumps here.
    pub jumped_to: bool,
    /// Where control goes after the last instruction if that does not jump.
    pub next: Option<Target>,
    /// Where the last instruction jumps.
    pub jump: Option<Target>,
}

/// Where an edge leads.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Target {
    /// To a block, by its index into [`Cfg::blocks`].
    Block(usize),
    /// To a slot where no instruction begins: outside the program, or the second half of a 64-bit immediate load.
    Nowhere(i64),
}

/// A place where a program calls a subprogram or takes its address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Call {
    /// The slot that refers to the subprogram.
    pub at: usize,
    /// Whether it takes the address rather than calling.
    pub by_address: bool,
    /// The block that the subprogram begins with.
    pub target: Target,
}

/// The name of a place in a program.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Label {
    /// The start of a function, by its index. Displayed as the verifier does: `func#1`.
    Function(usize),
    /// A slot that something jumps to. Displayed as `L` and the slot.
    Slot(usize),
}

impl Display for Label {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Function(index) => write!(f, "func#{index}"),
            Self::Slot(slot) => write!(f, "L{slot}"),
        }
    }
}

impl Block {
    /// The block's edges: first the one to the next instruction, then the jump.
    pub fn edges(&self) -> impl Iterator<Item = Target> {
        self.next.into_iter().chain(self.jump)
    }
}

impl Cfg {
    /// The blocks in the order of their slots, without gaps.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// First slot of each function, ascending. The program begins with the first; the others are called, or their
    /// address is taken.
    pub fn functions(&self) -> &[usize] {
        &self.functions
    }

    /// The calls in the order of their slots.
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// Index of the block that a slot belongs to.
    pub fn block_of(&self, slot: usize) -> Option<usize> {
        let after = self.blocks.partition_point(|block| block.slots.start <= slot);
        let index = after.checked_sub(1)?;
        self.blocks.get(index)?.slots.contains(&slot).then_some(index)
    }

    /// The label before a slot: that of a function, or of a place that something jumps to.
    pub fn label(&self, slot: usize) -> Option<Label> {
        if let Ok(function) = self.functions.binary_search(&slot) {
            return Some(Label::Function(function));
        }
        let block = self.blocks.get(self.block_of(slot)?)?;
        (block.jumped_to && block.slots.start == slot).then_some(Label::Slot(slot))
    }
}
