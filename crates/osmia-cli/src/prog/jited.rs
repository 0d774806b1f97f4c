//! The machine code of a program.

use std::collections::HashMap;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use iced_x86::{
    Decoder, DecoderOptions, Formatter as _, GasFormatter, Instruction, SymbolResolver,
    SymbolResult,
};
use serde::Serialize;

use crate::failure::Failure;
use crate::prog::code::{Code, Function, Line};
use crate::prog::dump::Look;
use crate::report::{Page, Report};
use crate::symbols::{Symbol, Symbols};

/// The machine code of a program's functions, under the names that bpftool has in its JSON.
#[derive(Serialize)]
#[serde(transparent)]
pub struct Jited {
    functions: Vec<JitedFunction>,
    #[serde(skip)]
    linum: bool,
}

#[derive(Serialize)]
struct JitedFunction {
    #[serde(skip_serializing_if = "Option::is_none")]
    proto: Option<String>,
    name: String,
    insns: Vec<JitedInsn>,
}

#[derive(Serialize)]
struct JitedInsn {
    #[serde(skip_serializing_if = "Option::is_none")]
    src: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line_num: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line_col: Option<u32>,
    pc: String,
    operation: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    opcodes: Vec<String>,
    #[serde(skip)]
    line: Option<Line>,
}

impl Jited {
    /// Disassembles a program's machine code.
    ///
    /// # Errors
    /// It is for a machine whose code is not understood here.
    pub fn new(code: &Code, look: &Look) -> Result<Self, Failure> {
        if !cfg!(target_arch = "x86_64") {
            return Err(Failure::unsupported(
                "machine code is disassembled for x86-64 only; `file FILE` writes the bytes of \
                 any machine for another disassembler",
            ));
        }
        let lines: HashMap<u64, &Line> =
            code.line_addresses.iter().copied().zip(&code.lines).collect();
        let names = Targets::of(code);
        let (mut functions, mut start) = (Vec::new(), 0);
        for function in &code.functions {
            let len = if function.jited_len == 0 { code.jited.len() } else { function.jited_len };
            let bytes = code.jited.get(start..start + len).unwrap_or_default();
            start += len;
            let insns = disassemble(function, bytes, &names, &lines, look);
            functions.push(JitedFunction {
                proto: function.prototype.clone(),
                name: function.symbol.clone(),
                insns,
            });
        }
        Ok(Self { functions, linum: look.linum })
    }
}

fn disassemble(
    function: &Function,
    bytes: &[u8],
    names: &Targets,
    lines: &HashMap<u64, &Line>,
    look: &Look,
) -> Vec<JitedInsn> {
    let inside = Inside { start: function.address, len: bytes.len() as u64, names: names.clone() };
    let mut decoder = Decoder::with_ip(64, bytes, function.address, DecoderOptions::NONE);
    let mut formatter = GasFormatter::with_options(Some(Box::new(inside)), None);
    formatter.options_mut().set_uppercase_hex(false);
    let mut insns = Vec::new();
    let mut insn = Instruction::default();
    while decoder.can_decode() {
        decoder.decode_out(&mut insn);
        let mut operation = String::new();
        formatter.format(&insn, &mut operation);
        let pc = insn.ip().wrapping_sub(function.address);
        let opcodes = bytes.get(pc as usize..pc as usize + insn.len()).unwrap_or_default();
        let line = lines.get(&insn.ip()).copied();
        let numbers = line.filter(|_| look.linum);
        insns.push(JitedInsn {
            src: line.map(|line| line.text.trim().to_owned()),
            file: numbers.map(|line| line.file.clone()),
            line_num: numbers.map(|line| line.number).filter(|line| *line != 0),
            line_col: numbers.map(|line| line.column).filter(|column| *column != 0),
            pc: format!("{pc:#x}"),
            operation,
            opcodes: if look.opcodes {
                opcodes.iter().map(|byte| format!("0x{byte:02x}")).collect()
            } else {
                Vec::new()
            },
            line: line.cloned(),
        });
    }
    insns
}

/// The names of what the program calls.
#[derive(Clone, Default)]
struct Targets(std::rc::Rc<HashMap<u64, Symbol>>);

impl Targets {
    fn of(code: &Code) -> Self {
        let (mut wanted, mut start) = (Vec::new(), 0);
        for function in &code.functions {
            let len = if function.jited_len == 0 { code.jited.len() } else { function.jited_len };
            let bytes = code.jited.get(start..start + len).unwrap_or_default();
            start += len;
            let decoder = Decoder::with_ip(64, bytes, function.address, DecoderOptions::NONE);
            let end = function.address + bytes.len() as u64;
            let outside = |target: &u64| !(function.address..end).contains(target);
            wanted
                .extend(decoder.into_iter().map(|insn| insn.near_branch_target()).filter(outside));
        }
        wanted.retain(|target| *target != 0);
        let mut known: HashMap<u64, Symbol> = code
            .functions
            .iter()
            .map(|found| (found.address, Symbol { name: found.symbol.clone(), module: None }))
            .collect();
        wanted.retain(|target| !known.contains_key(target));
        if !wanted.is_empty() {
            known.extend(Symbols::read().at(wanted));
        }
        Self(known.into())
    }
}

/// Names the targets of jumps: places in the function by their distance from its start.
struct Inside {
    start: u64,
    len: u64,
    names: Targets,
}

impl SymbolResolver for Inside {
    fn symbol(
        &mut self,
        insn: &Instruction,
        _: u32,
        _: Option<u32>,
        address: u64,
        _: u32,
    ) -> Option<SymbolResult<'_>> {
        if insn.near_branch_target() != address || address == 0 {
            return None;
        }
        if let Some(symbol) = self.names.0.get(&address) {
            return Some(SymbolResult::with_str(address, &symbol.name));
        }
        let distance = address.wrapping_sub(self.start);
        (distance < self.len).then(|| SymbolResult::with_string(address, format!("{distance:#x}")))
    }
}

const HEAD: Style = Style::new().bold();
const SOURCE: Style = AnsiColor::Cyan.on_default();
const FAINT: Style = Style::new().dimmed();

impl Report for Jited {
    fn text(&self, _: &Page) -> String {
        let mut text = String::new();
        for function in &self.functions {
            if let Some(proto) = &function.proto {
                let _ = writeln!(text, "{HEAD}{proto}{HEAD:#}:");
            }
            let _ = writeln!(text, "{}:", function.name);
            let mut shown = None;
            for insn in &function.insns {
                let line = insn.line.as_ref().filter(|line| line.number != 0);
                if let Some(Line { file, number, column, text: c, .. }) = line {
                    if shown.replace((file, *number)) != Some((file, *number)) || self.linum {
                        let _ = write!(text, "{SOURCE}; {}{SOURCE:#}", c.trim());
                        if self.linum {
                            let _ = write!(
                                text,
                                " {FAINT}[file:{file} line_num:{number} line_col:{column}]{FAINT:#}"
                            );
                        }
                        text.push('\n');
                    }
                }
                let pc = insn.pc.trim_start_matches("0x");
                let _ = writeln!(text, "{pc:>4}:\t{}", insn.operation);
                if !insn.opcodes.is_empty() {
                    let bytes = insn.opcodes.iter().map(|byte| byte.trim_start_matches("0x"));
                    let bytes = bytes.collect::<Vec<_>>().join(" ");
                    let _ = writeln!(text, "\t{FAINT}{bytes}{FAINT:#}");
                }
            }
            text.push('\n');
        }
        text
    }
}
