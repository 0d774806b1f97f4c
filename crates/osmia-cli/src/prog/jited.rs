//! The machine code of a program.

mod arm64;
mod x86;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::rc::Rc;

use anstyle::{AnsiColor, Style};
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
        let machine = Machine::here()?;
        let lines: HashMap<u64, &Line> =
            code.line_addresses.iter().copied().zip(&code.lines).collect();
        let names = Targets::of(code, machine);
        let functions = parts(code).map(|(function, bytes)| JitedFunction {
            proto: function.prototype.clone(),
            name: function.symbol.clone(),
            insns: insns(machine, function, bytes, &names, &lines, look),
        });
        Ok(Self { functions: functions.collect(), linum: look.linum })
    }
}

/// The functions, each with its machine code.
fn parts(code: &Code) -> impl Iterator<Item = (&Function, &[u8])> {
    let mut start = 0;
    code.functions.iter().map(move |function| {
        let len = if function.jited_len == 0 { code.jited.len() } else { function.jited_len };
        let bytes = code.jited.get(start..start + len).unwrap_or_default();
        start += len;
        (function, bytes)
    })
}

/// A machine whose code is understood.
#[derive(Clone, Copy, Debug)]
enum Machine {
    X86,
    Arm64,
}

/// An instruction of a machine.
struct Piece {
    /// Its place in the function, in bytes.
    at: usize,
    /// How many bytes it has.
    len: usize,
    /// What it does.
    text: String,
}

impl Machine {
    /// The one that this is.
    fn here() -> Result<Self, Failure> {
        match std::env::consts::ARCH {
            "x86_64" => Ok(Self::X86),
            "aarch64" => Ok(Self::Arm64),
            other => Err(Failure::unsupported(format!(
                "machine code is disassembled for x86-64 and arm64, not for {other}; `file FILE` \
                 writes the bytes for another disassembler"
            ))),
        }
    }

    fn disassemble(self, bytes: &[u8], function: &Function, names: &Targets) -> Vec<Piece> {
        let (start, len, names) = (function.address, bytes.len() as u64, names.clone());
        let name = move |address| names.name(address, start, len);
        match self {
            Self::X86 => x86::disassemble(bytes, start, name),
            Self::Arm64 => arm64::disassemble(bytes, start, &name),
        }
    }

    fn targets(self, bytes: &[u8], address: u64) -> Vec<u64> {
        match self {
            Self::X86 => x86::targets(bytes, address),
            Self::Arm64 => arm64::targets(bytes, address),
        }
    }
}

fn insns(
    machine: Machine,
    function: &Function,
    bytes: &[u8],
    names: &Targets,
    lines: &HashMap<u64, &Line>,
    look: &Look,
) -> Vec<JitedInsn> {
    let pieces = machine.disassemble(bytes, function, names).into_iter();
    let insns = pieces.map(|Piece { at, len, text }| {
        let opcodes = bytes.get(at..at + len).filter(|_| look.opcodes).unwrap_or_default();
        let line = lines.get(&function.address.wrapping_add(at as u64)).copied();
        let numbers = line.filter(|_| look.linum);
        JitedInsn {
            src: line.map(|line| line.text.trim().to_owned()),
            file: numbers.map(|line| line.file.clone()),
            line_num: numbers.map(|line| line.number).filter(|line| *line != 0),
            line_col: numbers.map(|line| line.column).filter(|column| *column != 0),
            pc: format!("{at:#x}"),
            operation: text,
            opcodes: opcodes.iter().map(|byte| format!("0x{byte:02x}")).collect(),
            line: line.cloned(),
        }
    });
    insns.collect()
}

/// The names of what the program calls.
#[derive(Clone, Default)]
struct Targets(Rc<HashMap<u64, Symbol>>);

impl Targets {
    fn of(code: &Code, machine: Machine) -> Self {
        let mut known: HashMap<u64, Symbol> = code
            .functions
            .iter()
            .map(|found| (found.address, Symbol { name: found.symbol.clone(), module: None }))
            .collect();
        let mut wanted = Vec::new();
        for (function, bytes) in parts(code) {
            let start = function.address;
            let inside = start..start.saturating_add(bytes.len() as u64);
            let targets = machine.targets(bytes, start).into_iter();
            wanted.extend(targets.filter(|target| !inside.contains(target)));
        }
        wanted.retain(|target| !known.contains_key(target));
        if !wanted.is_empty() {
            known.extend(Symbols::read().at(wanted));
        }
        Self(known.into())
    }

    /// The name of what is at an address; places in the function itself are named by their distance from its start.
    fn name(&self, address: u64, start: u64, len: u64) -> Option<String> {
        if let Some(symbol) = self.0.get(&address) {
            return Some(symbol.name.clone());
        }
        let distance = address.wrapping_sub(start);
        (distance < len).then(|| format!("{distance:#x}"))
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
