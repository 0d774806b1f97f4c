//! Which instructions of a program can run, given what a kernel's types decide.
//!
//! The verifier does not look at code behind a condition that constants decide: answers to CO-RE
//! questions, frozen constants, addresses of symbols that are there or not. This follows them the same
//! way, a little less far: what paths join is forgotten, so that what it takes for dead is dead for
//! the verifier as well. Of the stack it remembers what the kernel's verifier does.

mod arithmetic;
mod config;
mod registers;
pub(crate) mod stack;
mod step;
mod value;

use std::collections::{HashMap, HashSet};

use osmia_btf::Linkage;
use osmia_insn::{Block, Cfg, Listing, Operation, Target as Edge};
use osmia_object::kconfig::Facts;
use osmia_object::{LinkedProgram, ObjectSpec, Target};

use crate::finding::Weight;
use crate::reach::config::Settled;
use crate::reach::registers::Registers;
use crate::reach::stack::StackMemory;
use crate::reach::step::Step;
use crate::reach::value::Value;

/// The slots that can run.
#[derive(Debug)]
pub(crate) struct Reached {
    /// Whatever the kernel's configuration is.
    certain: HashSet<u32>,
    /// With some configuration.
    possible: HashSet<u32>,
}

impl Reached {
    /// Whether a slot can run with some configuration.
    pub fn has(&self, slot: u32) -> bool {
        self.possible.contains(&slot)
    }

    /// What follows from an instruction that the verifier refuses.
    pub fn weight(&self, slot: u32) -> Weight {
        if self.certain.contains(&slot) { Weight::Refused } else { Weight::Unsure }
    }
}

/// What is known of the values that a program refers to.
#[derive(Debug)]
pub(crate) struct Reach<'a> {
    object: &'a ObjectSpec,
    config: Settled,
    memory: StackMemory,
    /// By slot: externs that are settled otherwise than by their symbol.
    externs: HashMap<u32, Value>,
}

impl<'a> Reach<'a> {
    /// For a kernel of which this is known, and what its verifier remembers.
    pub fn new(object: &'a ObjectSpec, facts: Facts<'_>, memory: StackMemory) -> Self {
        let config = Settled::of(object, facts);
        Self { object, config, memory, externs: HashMap::new() }
    }

    /// Remembers which slots refer to symbols that a kernel may have or not.
    pub fn note_externs(&mut self, linked: &LinkedProgram, untold: &[String]) {
        for relocation in &linked.relocations {
            if let Target::Extern(name) = &relocation.target {
                if untold.contains(name) {
                    self.externs.insert(relocation.at, Value::Untold);
                }
            }
        }
    }

    /// The slots that can run.
    pub fn follow(&self, linked: &LinkedProgram) -> Reached {
        let references = self.references(linked);
        let Self { object, memory, .. } = *self;
        let step = Step { object, config: &self.config, memory, references };
        Reached {
            certain: Flow::of(self.object, linked, &step, false).slots(linked),
            possible: Flow::of(self.object, linked, &step, true).slots(linked),
        }
    }

    /// What the references that are left load, by slot.
    fn references(&self, linked: &LinkedProgram) -> HashMap<u32, Value> {
        let mut references = self.externs.clone();
        for relocation in &linked.relocations {
            let value = match &relocation.target {
                Target::MapValue { map, offset } => self.section(map, *offset),
                _ => Value::Address,
            };
            references.insert(relocation.at, value);
        }
        references
    }

    fn section(&self, map: &str, offset: u32) -> Value {
        let Some((index, _, spec)) = self.object.maps.get_full(map) else { return Value::Address };
        match spec.role {
            osmia_object::MapRole::Constants | osmia_object::MapRole::Kconfig => {
                Value::Constant { map: index, offset: i64::from(offset) }
            }
            _ => Value::Address,
        }
    }
}

/// The control flow of a program, with what registers hold at the start of each block.
struct Flow<'a> {
    object: &'a ObjectSpec,
    linked: &'a LinkedProgram,
    cfg: Cfg,
    entries: Vec<Option<Registers>>,
    /// By function: what registers hold wherever it jumps through one.
    jumping: HashMap<u32, Registers>,
    /// Whether both ways are taken where the configuration decides, or neither.
    both: bool,
}

impl<'a> Flow<'a> {
    /// Follows all paths until nothing new is learnt. What is known of a register only ever
    /// shrinks, a few times at most, so that this ends.
    fn of(object: &'a ObjectSpec, linked: &'a LinkedProgram, step: &Step<'_>, both: bool) -> Self {
        let cfg = linked.cfg();
        let entries = vec![None; cfg.blocks().len()];
        let mut flow = Self { object, linked, cfg, entries, jumping: HashMap::new(), both };
        let mut pending = Vec::new();
        flow.reach(Edge::Block(0), &Registers::entry(), &mut pending);
        while let Some(index) = pending.pop() {
            let Some(block) = flow.cfg.blocks().get(index).cloned() else { continue };
            let Some(mut held) = flow.entries.get(index).cloned().flatten() else { continue };
            for line in Listing::range(&linked.insns, block.slots.clone()) {
                if matches!(line.operation(), Operation::GotoX { .. }) {
                    flow.jump(line.index as u32, &held, &mut pending);
                }
                for (target, arguments) in flow.called(line.index, &held) {
                    flow.reach(target, &arguments, &mut pending);
                }
                step.follow(line.index as u32, line.operation(), &mut held);
            }
            for target in flow.edges(&block, &held) {
                flow.reach(target, &held, &mut pending);
            }
        }
        flow
    }

    /// Where control can go behind a block.
    fn edges(&self, block: &Block, held: &Registers) -> Vec<Edge> {
        let last = Listing::range(&self.linked.insns, block.slots.clone()).last();
        let Some(Operation::Jump { width, op, dst, src, .. }) =
            last.map(osmia_insn::Line::operation)
        else {
            return block.edges().collect();
        };
        let (one, two) = (held.get(dst), held.operand(src));
        match arithmetic::compare(width, op, one, two) {
            Some(true) => block.jump.into_iter().collect(),
            Some(false) => block.next.into_iter().collect(),
            None if !self.both && (one == Value::Untold || two == Value::Untold) => Vec::new(),
            None => block.edges().collect(),
        }
    }

    /// Goes on wherever the tables of the function lead. What is learnt at any jump of it is taken
    /// together, so that tables are walked a few times at most.
    fn jump(&mut self, at: u32, held: &Registers, pending: &mut Vec<usize>) {
        let linked = self.linked;
        let Some(function) = linked.function_at(at) else { return };
        let known = self.jumping.entry(function.start);
        let mut changed = matches!(known, std::collections::hash_map::Entry::Vacant(_));
        let known = known.or_insert_with(|| held.clone());
        changed |= known.meet(held);
        if !changed {
            return;
        }
        let held = known.clone();
        for place in linked.jumped_to(function) {
            if let Some(block) = self.cfg.block_of(place as usize) {
                self.reach(Edge::Block(block), &held, pending);
            }
        }
    }

    /// The functions that an instruction calls or takes the address of, and what they get.
    fn called(&self, at: usize, held: &Registers) -> Vec<(Edge, Registers)> {
        let calls = self.cfg.calls();
        let first = calls.partition_point(|call| call.at < at);
        let here = calls.iter().skip(first).take_while(|call| call.at == at);
        here.map(|call| {
            // Callbacks get what helpers hand to them, and global functions are verified for
            // whatever they may get.
            let any = call.by_address || self.is_global(call.target);
            let arguments = if any { Registers::callee() } else { held.arguments() };
            (call.target, arguments)
        })
        .collect()
    }

    fn is_global(&self, target: Edge) -> bool {
        let Edge::Block(index) = target else { return false };
        let start = self.cfg.blocks().get(index).map(|block| block.slots.start as u32);
        let function = start.and_then(|start| self.linked.function_at(start));
        let function = function.and_then(|function| self.object.function(function.id));
        function.is_some_and(|function| function.linkage == Linkage::Global)
    }

    fn reach(&mut self, target: Edge, held: &Registers, pending: &mut Vec<usize>) {
        let Edge::Block(index) = target else { return };
        let Some(entry) = self.entries.get_mut(index) else { return };
        let changed = match entry {
            Some(known) => known.meet(held),
            None => {
                *entry = Some(held.clone());
                true
            }
        };
        if changed {
            pending.push(index);
        }
    }

    fn slots(&self, linked: &LinkedProgram) -> HashSet<u32> {
        let reached =
            self.cfg.blocks().iter().zip(&self.entries).filter(|(_, held)| held.is_some());
        let slots =
            reached.flat_map(|(block, _)| Listing::range(&linked.insns, block.slots.clone()));
        slots.map(|line| line.index as u32).collect()
    }
}
