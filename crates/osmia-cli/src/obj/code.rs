//! Instructions with everything that an object tells of them.

use std::borrow::Cow;
use std::collections::HashMap;

use osmia_btf::core_re::Relocation;
use osmia_btf::{Btf, c};
use osmia_insn::{Cfg, Imm64, Line, Listing, Names};
use osmia_object::{Function, FunctionId, LinkedFunction, LinkedProgram, ObjectSpec, Target};
use serde::Serialize;

use crate::labels;
use crate::obj::reference::operand;

/// A function's instructions.
#[derive(Serialize)]
pub struct FunctionListing {
    /// Its name.
    pub name: String,
    /// The ELF section that it stands in.
    pub section: String,
    /// How C declares it.
    pub prototype: Option<String>,
    /// The instructions.
    pub insns: Vec<InsnListing>,
}

/// An instruction.
#[derive(Serialize)]
pub struct InsnListing {
    /// Its slot.
    pub at: usize,
    /// Its bytes, in the order of the listed code's machine.
    pub bytes: String,
    /// What it does, in the verifier's syntax, with names.
    pub text: String,
    /// The label in front of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The label that it jumps to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jump: Option<String>,
    /// The line of C that begins with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceLine>,
    /// What CO-RE asks of the target for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub core: Option<String>,
}

/// A line of C.
#[derive(Serialize)]
pub struct SourceLine {
    /// The file, as the compiler was given it.
    pub file: String,
    /// Its number.
    pub line: u32,
    /// The column.
    pub column: u32,
    /// Its text.
    pub text: String,
}

/// A function as it stands in the object, or a program with all that it reaches.
pub struct Code<'a> {
    spec: &'a ObjectSpec,
    linked: LinkedProgram,
    cfg: Cfg,
}

impl<'a> Code<'a> {
    /// A function alone; its slots are counted from its start.
    pub fn of_function(spec: &'a ObjectSpec, id: FunctionId, function: &Function) -> Self {
        let alone = LinkedFunction {
            id,
            name: function.name.clone(),
            start: 0,
            len: function.insns.len() as u32,
            btf_type: function.btf_type,
        };
        let linked = LinkedProgram {
            name: function.name.clone(),
            insns: function.insns.clone(),
            relocations: function.relocations.clone(),
            jump_tables: function.jump_tables.clone(),
            core: function.core.clone(),
            lines: function.lines.clone(),
            poisoned: Vec::new(),
            missing_calls: Vec::new(),
            missing_addresses: Vec::new(),
            functions: vec![alone],
        };
        Self::new(spec, linked)
    }

    /// A program as the verifier will see it, but for what depends on the kernel.
    pub fn of_program(spec: &'a ObjectSpec, linked: LinkedProgram) -> Self {
        Self::new(spec, linked)
    }

    fn new(spec: &'a ObjectSpec, linked: LinkedProgram) -> Self {
        let mut insns = linked.insns.clone();
        for relocation in &linked.relocations {
            // What a reference holds before it is filled in is no distance to anything.
            if let Some(insn) = insns.get_mut(relocation.at as usize) {
                insn.src = osmia_insn::Reg::R0;
            }
        }
        let places = linked.jump_tables.iter().flat_map(|table| &table.places);
        let cfg = Cfg::with_places(&insns, places.map(|place| *place as usize));
        Self { spec, linked, cfg }
    }

    /// The functions in the order of their slots.
    pub fn listings(&self) -> Vec<FunctionListing> {
        let targets = self.linked.relocations.iter().map(|found| (found.at, &found.target));
        let names = CodeNames { code: self, targets: targets.collect() };
        self.linked.functions.iter().map(|function| self.listing(function, &names)).collect()
    }

    fn listing(&self, function: &LinkedFunction, names: &CodeNames<'_>) -> FunctionListing {
        let (start, end) = (function.start as usize, (function.start + function.len) as usize);
        let lines = Listing::range(&self.linked.insns, start..end);
        let section = self.spec.function(function.id).map(|found| found.section.clone());
        FunctionListing {
            name: function.name.clone(),
            section: section.unwrap_or_default(),
            prototype: prototype(self.spec.btf.as_ref(), function),
            insns: lines.map(|line| self.insn(line, names)).collect(),
        }
    }

    fn insn(&self, line: Line, names: &CodeNames<'_>) -> InsnListing {
        let slot = line.index as u32;
        InsnListing {
            at: line.index,
            bytes: self.bytes(line),
            text: names.text(line),
            label: labels::label(&self.cfg, line.index),
            jump: labels::jump(&self.cfg, line),
            source: self.source(slot),
            core: self.core(slot),
        }
    }

    fn bytes(&self, line: Line) -> String {
        let endian = match self.spec.endian {
            osmia_btf::Endian::Little => osmia_insn::Endian::Little,
            osmia_btf::Endian::Big => osmia_insn::Endian::Big,
        };
        let slots: Vec<_> = std::iter::once(line.insn).chain(line.second).collect();
        let bytes = osmia_insn::Insn::encode_all(&slots, endian);
        bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
    }

    fn source(&self, slot: u32) -> Option<SourceLine> {
        let at = self.linked.lines.binary_search_by_key(&slot, |line| line.at).ok()?;
        let info = self.linked.lines.get(at)?.info;
        let text = |at| self.spec.btf.as_ref()?.string(at).ok().map(str::to_owned);
        Some(SourceLine {
            file: text(info.file).unwrap_or_default(),
            line: info.line,
            column: info.column,
            text: text(info.text).unwrap_or_default(),
        })
    }

    fn core(&self, slot: u32) -> Option<String> {
        let at = self.linked.core.binary_search_by_key(&slot, |relocation| relocation.at).ok()?;
        let record = self.linked.core.get(at)?.record;
        let btf = self.spec.btf.as_ref()?;
        Some(match Relocation::read(btf, &record) {
            Ok(asked) => asked.to_string(),
            Err(error) => error.to_string(),
        })
    }
}

fn prototype(btf: Option<&Btf>, function: &LinkedFunction) -> Option<String> {
    c::declare(btf?, function.btf_type?, &function.name).ok()
}

/// Names for what instructions refer to.
struct CodeNames<'a> {
    code: &'a Code<'a>,
    targets: HashMap<u32, &'a Target>,
}

impl CodeNames<'_> {
    /// The instruction's text, without its slot.
    fn text(&self, line: Line) -> String {
        if line.insn.is_call() {
            if let Some(target) = self.targets.get(&(line.index as u32)) {
                // The distance that it holds means nothing yet.
                let name = operand(self.code.spec, &self.code.linked.jump_tables, target);
                return format!("({:02x}) call {name}", line.insn.code);
            }
        }
        let text = line.named(self).to_string();
        let text = text.split_once(": ").map(|(_, text)| text.to_owned());
        text.unwrap_or_default()
    }

    fn function_from(&self, index: usize, distance: i32) -> Option<&str> {
        let start = i64::try_from(index).ok()? + 1 + i64::from(distance);
        let mut functions = self.code.linked.functions.iter();
        let found = functions.find(|function| i64::from(function.start) == start)?;
        Some(&found.name)
    }
}

impl Names for CodeNames<'_> {
    fn subprogram(&self, index: usize, distance: i32) -> Option<Cow<'_, str>> {
        self.function_from(index, distance).map(Cow::Borrowed)
    }

    fn imm64(&self, index: usize, value: Imm64) -> Option<Cow<'_, str>> {
        if let Some(target) = self.targets.get(&(index as u32)) {
            let tables = &self.code.linked.jump_tables;
            return Some(operand(self.code.spec, tables, target).into());
        }
        match value {
            Imm64::Func(distance) => {
                self.function_from(index, distance).map(|name| format!("&{name}").into())
            }
            _ => None,
        }
    }
}
