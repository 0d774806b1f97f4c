//! Linking: one program of the functions that it reaches.

use std::collections::HashMap;

use osmia_btf::near::nearest;
use osmia_insn::{Insn, PSEUDO_CALL, PSEUDO_FUNC};

use crate::error::Error;
use crate::function::{CoreRelocation, Function, FunctionId, Line, Relocation, Target};
use crate::jump_table::JumpTable;
use crate::linked_program::{LinkedFunction, LinkedProgram};
use crate::object_spec::ObjectSpec;

/// No kernel takes more instructions than this.
const LONGEST: u32 = 1_000_000;

/// Links a program of an object.
pub(crate) fn link(object: &ObjectSpec, program: &str) -> Result<LinkedProgram, Error> {
    let Some(spec) = object.programs.get(program) else {
        let names = || object.programs.keys().map(String::as_str);
        return Err(Error::NoSuchProgram {
            name: program.to_owned(),
            near: nearest(program, names()).map(str::to_owned),
            all: names().map(str::to_owned).collect(),
        });
    };
    let linker = Linker { object, program, placed: place(object, program, spec.entry)? };
    linker.link()
}

/// The functions that are reached, in the order in which they will stand, and their starts.
///
/// Each is followed by what it reaches, before what its caller goes on to reach: libbpf's
/// order, so that the kernel gives a program the same tag whoever loads it.
struct Placed {
    order: Vec<FunctionId>,
    starts: HashMap<FunctionId, u32>,
    end: u32,
}

fn place(object: &ObjectSpec, program: &str, entry: FunctionId) -> Result<Placed, Error> {
    let mut placed = Placed { order: Vec::new(), starts: HashMap::new(), end: 0 };
    // The functions on the way from the entry, each with what is left to follow of it.
    let mut way = vec![placed.add(object, program, entry)?.relocations.iter()];
    while let Some(rest) = way.last_mut() {
        match rest.next().map(|relocation| &relocation.target) {
            Some(Target::Call(id) | Target::Address(id)) if !placed.starts.contains_key(id) => {
                way.push(placed.add(object, program, *id)?.relocations.iter());
            }
            Some(_) => {}
            None => drop(way.pop()),
        }
        // Nothing in the code refers to what is called when it throws; it stands behind all else.
        let callback = object.function(entry).and_then(|entry| entry.exception_callback);
        if let Some(id) = callback.filter(|id| way.is_empty() && !placed.starts.contains_key(id)) {
            way.push(placed.add(object, program, id)?.relocations.iter());
        }
    }
    Ok(placed)
}

impl Placed {
    /// Puts a function behind the others.
    fn add<'a>(
        &mut self,
        object: &'a ObjectSpec,
        program: &str,
        id: FunctionId,
    ) -> Result<&'a Function, Error> {
        let function = object.function(id).ok_or_else(|| Error::Link {
            program: program.to_owned(),
            function: format!("#{}", id.0),
            at: 0,
            problem: "the object has no such function".to_owned(),
        })?;
        self.order.push(id);
        self.starts.insert(id, self.end);
        let len = u32::try_from(function.insns.len()).unwrap_or(u32::MAX);
        self.end = self.end.saturating_add(len);
        if len == 0 || self.end > LONGEST {
            let problem = match len {
                0 => "it has no code".to_owned(),
                _ => format!("the program has more than {LONGEST} instructions with it"),
            };
            return Err(error(program, function, 0, problem));
        }
        Ok(function)
    }
}

struct Linker<'a> {
    object: &'a ObjectSpec,
    program: &'a str,
    placed: Placed,
}

impl Linker<'_> {
    fn link(&self) -> Result<LinkedProgram, Error> {
        let mut linked = LinkedProgram {
            name: self.program.to_owned(),
            insns: Vec::new(),
            relocations: Vec::new(),
            jump_tables: Vec::new(),
            core: Vec::new(),
            poisoned: Vec::new(),
            missing_calls: Vec::new(),
            missing_addresses: Vec::new(),
            lines: Vec::new(),
            functions: Vec::new(),
        };
        for &id in &self.placed.order {
            if let Some(function) = self.object.function(id) {
                self.append(id, function, &mut linked)?;
            }
        }
        Ok(linked)
    }

    fn append(
        &self,
        id: FunctionId,
        function: &Function,
        linked: &mut LinkedProgram,
    ) -> Result<(), Error> {
        let start = linked.insns.len() as u32;
        let len = function.insns.len() as u32;
        linked.insns.extend_from_slice(&function.insns);
        let mut last = None;
        for relocation in &function.relocations {
            if last.replace(relocation.at) == Some(relocation.at) {
                let problem = "two relocations are for the same instruction".to_owned();
                return Err(error(self.program, function, relocation.at, problem));
            }
            self.relocate(function, relocation, start, linked)
                .map_err(|problem| error(self.program, function, relocation.at, problem))?;
        }
        linked.jump_tables.extend(function.jump_tables.iter().map(|table| moved(table, start)));
        let inside = |at: u32| at < len;
        let core = function.core.iter().filter(|relocation| inside(relocation.at));
        linked.core.extend(
            core.map(|&CoreRelocation { at, record }| CoreRelocation { at: start + at, record }),
        );
        let lines = function.lines.iter().filter(|line| inside(line.at));
        linked.lines.extend(lines.map(|&Line { at, info }| Line { at: start + at, info }));
        let (name, btf_type) = (function.name.clone(), function.btf_type);
        linked.functions.push(LinkedFunction { id, name, start, len, btf_type });
        Ok(())
    }

    /// Fills in what is known now, and keeps the rest for the loader.
    fn relocate(
        &self,
        function: &Function,
        relocation: &Relocation,
        start: u32,
        linked: &mut LinkedProgram,
    ) -> Result<(), String> {
        let insn = function.insns.get(relocation.at as usize);
        let insn = insn.ok_or("the function has no such instruction")?;
        if insn.is_wide() && function.insns.get(relocation.at as usize + 1).is_none() {
            return Err("the second half of the 64-bit load is missing".to_owned());
        }
        let at = start + relocation.at;
        match &relocation.target {
            Target::Call(id) if insn.is_call() => {
                let distance = self.distance(at, *id)?;
                put(linked, at, |insn| (insn.src, insn.imm) = (PSEUDO_CALL, distance));
            }
            Target::Address(id) if insn.is_wide() => {
                let distance = self.distance(at, *id)?;
                put(linked, at, |insn| (insn.src, insn.imm) = (PSEUDO_FUNC, distance));
                put(linked, at + 1, |insn| insn.imm = 0);
            }
            Target::Extern(_) if insn.is_call() || insn.is_wide() => keep(linked, at, relocation),
            Target::Map(_) | Target::MapValue { .. } if insn.is_wide() => {
                keep(linked, at, relocation);
            }
            Target::JumpTable { table, offset } if insn.is_wide() => {
                if function.jump_tables.get(*table as usize).is_none() {
                    return Err("the function has no such jump table".to_owned());
                }
                // The function's own tables are put behind those that are there once its references are.
                let table = linked.jump_tables.len() as u32 + table;
                let target = Target::JumpTable { table, offset: *offset };
                linked.relocations.push(Relocation { at, target });
            }
            Target::Unresolved { symbol, reason } if symbol.is_empty() => {
                return Err(reason.clone());
            }
            Target::Unresolved { symbol, reason } => return Err(format!("{symbol}: {reason}")),
            _ => return Err("it cannot refer to what its relocation names".to_owned()),
        }
        Ok(())
    }

    /// The distance to a function from the slot behind an instruction.
    fn distance(&self, at: u32, to: FunctionId) -> Result<i32, String> {
        let start = self.placed.starts.get(&to).ok_or("the function it refers to is missing")?;
        // Both are below the limit of a program's length.
        Ok(*start as i32 - (at as i32 + 1))
    }
}

/// A function's table in a program where the function begins at `start`.
fn moved(table: &JumpTable, start: u32) -> JumpTable {
    let places = table.places.iter().map(|place| start.saturating_add(*place)).collect();
    JumpTable { name: table.name.clone(), places }
}

fn put(linked: &mut LinkedProgram, at: u32, change: impl FnOnce(&mut Insn)) {
    if let Some(insn) = linked.insns.get_mut(at as usize) {
        change(insn);
    }
}

fn keep(linked: &mut LinkedProgram, at: u32, relocation: &Relocation) {
    linked.relocations.push(Relocation { at, target: relocation.target.clone() });
}

fn error(program: &str, function: &Function, at: u32, problem: String) -> Error {
    Error::Link { program: program.to_owned(), function: function.name.clone(), at, problem }
}
