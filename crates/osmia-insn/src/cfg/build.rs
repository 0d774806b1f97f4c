//! From slots to the graph.

use crate::cfg::{Block, Call, Cfg, Target};
use crate::imm64::Imm64;
use crate::insn::Insn;
use crate::listing::{Line, Listing};
use crate::operation::Operation;

impl Cfg {
    /// The graph of a program. Memory grows linearly with its length, time a little faster.
    pub fn new(insns: &[Insn]) -> Self {
        Self::with_places(insns, std::iter::empty())
    }

    /// The graph of a program that jumps to these slots through registers, as told by its jump tables: blocks begin at
    /// them. Which of them a `gotox` leads to, no edge says.
    pub fn with_places(insns: &[Insn], places: impl Iterator<Item = usize>) -> Self {
        let mut marks = Marks::of(insns);
        for place in places {
            marks.set(signed(place), |mark| mark.jumped_to = true);
        }
        let functions = marks.functions();
        let mut cfg = Self { blocks: marks.blocks(), functions, calls: Vec::new() };
        cfg.place_in_functions();
        for line in Listing::new(insns) {
            cfg.connect(line, &marks);
        }
        cfg
    }

    fn target(&self, slot: i64, marks: &Marks) -> Target {
        match marks.begin(slot).and_then(|slot| self.block_of(slot)) {
            Some(block) => Target::Block(block),
            None => Target::Nowhere(slot),
        }
    }

    fn place_in_functions(&mut self) {
        let mut later = self.functions.iter().skip(1).peekable();
        let mut function = 0;
        for block in &mut self.blocks {
            while later.next_if(|start| **start <= block.slots.start).is_some() {
                function += 1;
            }
            block.function = function;
        }
    }

    /// Adds what an instruction contributes: a call, or its block's edges if it is the last.
    fn connect(&mut self, line: Line, marks: &Marks) {
        if let Some((distance, by_address)) = call(line.operation()) {
            let target = self.target(reach(line.index, distance), marks);
            self.calls.push(Call { at: line.index, by_address, target });
        }
        let flow = Flow::of(line.operation());
        let jump = flow.jump.map(|distance| self.target(reach(line.index, distance), marks));
        let next = flow.next.then(|| self.target(signed(line.next_index()), marks));
        let index = self.block_of(line.index);
        let block = index.and_then(|index| self.blocks.get_mut(index));
        if let Some(block) = block.filter(|block| block.slots.end == line.next_index()) {
            (block.next, block.jump) = (next, jump);
        }
    }
}

/// What is known of each slot before there are blocks.
struct Marks {
    slots: Vec<Mark>,
}

#[derive(Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "four facts, each true or false on its own")]
struct Mark {
    /// An instruction begins here, rather than the second half of one.
    begins: bool,
    /// A function begins here.
    function: bool,
    /// Something jumps here.
    jumped_to: bool,
    /// The instruction before this ends its block.
    after_end: bool,
}

impl Marks {
    fn of(insns: &[Insn]) -> Self {
        let mut marks = Self { slots: vec![Mark::default(); insns.len()] };
        marks.set(0, |mark| mark.function = true);
        for line in Listing::new(insns) {
            let (here, next) = (signed(line.index), signed(line.next_index()));
            marks.set(here, |mark| mark.begins = true);
            if let Some((distance, _)) = call(line.operation()) {
                marks.set(reach(line.index, distance), |mark| mark.function = true);
            }
            let flow = Flow::of(line.operation());
            if let Some(distance) = flow.jump {
                marks.set(reach(line.index, distance), |mark| mark.jumped_to = true);
            }
            if flow.ends() {
                marks.set(next, |mark| mark.after_end = true);
            }
        }
        marks
    }

    fn set(&mut self, slot: i64, set: impl FnOnce(&mut Mark)) {
        if let Some(mark) = usize::try_from(slot).ok().and_then(|slot| self.slots.get_mut(slot)) {
            set(mark);
        }
    }

    /// The slot, if an instruction begins there.
    fn begin(&self, slot: i64) -> Option<usize> {
        let slot = usize::try_from(slot).ok()?;
        self.slots.get(slot)?.begins.then_some(slot)
    }

    fn functions(&self) -> Vec<usize> {
        let starts = self.slots.iter().enumerate().filter(|(_, m)| m.begins && m.function);
        starts.map(|(slot, _)| slot).collect()
    }

    fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        for (slot, mark) in self.slots.iter().enumerate() {
            let leads = mark.begins && (mark.function || mark.jumped_to || mark.after_end);
            match blocks.last_mut() {
                Some(block) if !leads => block.slots.end = slot + 1,
                _ => blocks.push(Block {
                    slots: slot..slot + 1,
                    function: 0,
                    jumped_to: mark.jumped_to,
                    next: None,
                    jump: None,
                }),
            }
        }
        blocks
    }
}

/// How control leaves an instruction.
struct Flow {
    /// It may go on to the next instruction.
    next: bool,
    /// It may jump this far.
    jump: Option<i32>,
}

impl Flow {
    fn of(operation: Operation) -> Self {
        match operation {
            Operation::Goto { distance } => Self { next: false, jump: Some(distance.into()) },
            Operation::GotoL { distance } => Self { next: false, jump: Some(distance) },
            Operation::Jump { distance, .. } | Operation::MayGoto { distance } => {
                Self { next: true, jump: Some(distance.into()) }
            }
            Operation::GotoX { .. } | Operation::Exit => Self { next: false, jump: None },
            _ => Self { next: true, jump: None },
        }
    }

    const fn ends(&self) -> bool {
        !self.next || self.jump.is_some()
    }
}

/// The distance of a subprogram that is called or whose address is taken (then true).
const fn call(operation: Operation) -> Option<(i32, bool)> {
    match operation {
        Operation::CallSubprogram { distance } => Some((distance, false)),
        Operation::LdImm64 { value: Imm64::Func(distance), .. } => Some((distance, true)),
        _ => None,
    }
}

/// The slot at a distance from the one after `index`.
fn reach(index: usize, distance: i32) -> i64 {
    signed(index).saturating_add(1).saturating_add(distance.into())
}

/// A slot number as a signed one. A slice of slots is always short enough.
fn signed(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}
