//! Instructions as the kernel runs them, with the names of what they refer to.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use osmia_abi::FuncId;
use osmia_insn::{Cfg, Imm64, Listing, Names};
use osmia_sys::Bpf;
use serde::Serialize;

use crate::labels;
use crate::prog::code::{Code, Line};
use crate::prog::dump::Look;
use crate::prog::referred::Referred;
use crate::report::{Page, Report};
use crate::select::progs::Prog;
use crate::symbols::{Symbol, Symbols};

/// A program's instructions, under the names that bpftool has in its JSON.
#[derive(Serialize)]
#[serde(transparent)]
pub struct Xlated {
    /// The instructions.
    pub insns: Vec<XlatedInsn>,
    #[serde(skip)]
    linum: bool,
}

/// An instruction.
#[derive(Serialize)]
pub struct XlatedInsn {
    /// How C declares the function that begins here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proto: Option<String>,
    /// The line of C that begins here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line_num: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line_col: Option<u32>,
    /// What it does.
    pub disasm: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    opcodes: Option<Opcodes>,
    /// Its slot.
    #[serde(skip)]
    pub at: usize,
    #[serde(skip)]
    line: Option<Line>,
    #[serde(skip)]
    bytes: Vec<u8>,
    /// The label in front of it, and the one that it jumps to, for people.
    #[serde(skip)]
    label: Option<String>,
    #[serde(skip)]
    jump: Option<String>,
    /// What it refers to, for people.
    #[serde(skip)]
    pub note: String,
}

/// An instruction's parts.
#[derive(Serialize)]
struct Opcodes {
    code: String,
    src_reg: String,
    dst_reg: String,
    off: Vec<String>,
    imm: Vec<String>,
}

impl Xlated {
    /// Lists a program's instructions.
    pub fn new(bpf: &Bpf, prog: &Prog, code: &Code, look: &Look) -> Self {
        let names = KernelSymbols::of(code);
        let mut referred = Referred::new(bpf, prog);
        let (listing, cfg) = (Listing::new(&code.insns), Cfg::new(&code.insns));
        let insns = listing.map(|line| {
            let at = line.index;
            let bytes = code.xlated.get(at * 8..line.next_index() * 8).unwrap_or_default();
            let text = line.named(&names).to_string();
            let text = text.split_once(": ").map_or(text.as_str(), |(_, text)| text);
            let source = code.line(at);
            let function = code.function(at);
            let proto = function.and_then(|function| function.prototype.clone());
            let numbers = source.filter(|_| look.linum);
            XlatedInsn {
                proto: proto.map(|text| text.trim_end_matches(';').to_owned()),
                src: source.map(|line| line.text.trim().to_owned()),
                file: numbers.map(|line| line.file.clone()),
                line_num: numbers.map(|line| line.number).filter(|line| *line != 0),
                line_col: numbers.map(|line| line.column).filter(|column| *column != 0),
                disasm: text.to_owned(),
                opcodes: look.opcodes.then(|| Opcodes::new(bytes)).flatten(),
                at,
                line: source.cloned(),
                bytes: if look.opcodes { bytes.to_vec() } else { Vec::new() },
                label: labels::label(&cfg, at),
                jump: labels::jump(&cfg, line),
                note: referred.note(line.operation()),
            }
        });
        Self { insns: insns.collect(), linum: look.linum }
    }
}

impl Opcodes {
    fn new(bytes: &[u8]) -> Option<Self> {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("0x{byte:02x}")).collect();
        let (&[code, registers, ..], off, imm) = (bytes, bytes.get(2..4)?, bytes.get(4..)?) else {
            return None;
        };
        Some(Self {
            code: format!("{code:#04x}"),
            src_reg: format!("{:#x}", registers >> 4),
            dst_reg: format!("{:#x}", registers & 0xf),
            off: hex(off),
            imm: hex(imm),
        })
    }
}

/// The kernel's names for what a program calls.
struct KernelSymbols<'a> {
    code: &'a Code,
    base: u64,
    called: HashMap<u64, Symbol>,
}

impl<'a> KernelSymbols<'a> {
    fn of(code: &'a Code) -> Self {
        let kernel_calls = code.insns.iter().filter(|insn| {
            insn.code.0 == 0x85 && insn.src.number() != 1 && helper_by_id(insn.imm).is_none()
        });
        let distances: Vec<i32> = kernel_calls.map(|insn| insn.imm).collect();
        let mut names = Self { code, base: 0, called: HashMap::new() };
        if !distances.is_empty() {
            let symbols = Symbols::read();
            if let Some(base) = symbols.address("__bpf_call_base") {
                names.base = base;
                names.called = symbols.at(distances.into_iter().map(|imm| names.address(imm)));
            }
        }
        names
    }

    /// Calls are distances from a place in the kernel.
    fn address(&self, imm: i32) -> u64 {
        self.base.wrapping_add_signed(i64::from(imm))
    }

    fn called(&self, imm: i32) -> Option<Cow<'_, str>> {
        if self.base == 0 {
            return None;
        }
        let address = self.address(imm);
        Some(match self.called.get(&address) {
            Some(symbol) => Cow::Borrowed(symbol.name.as_str()),
            None => Cow::Owned(format!("{address:#x}")),
        })
    }
}

fn helper_by_id(imm: i32) -> Option<&'static str> {
    FuncId(u32::try_from(imm).ok()?).name()
}

impl Names for KernelSymbols<'_> {
    fn helper(&self, _: usize, imm: i32) -> Option<Cow<'_, str>> {
        helper_by_id(imm).map(Cow::Borrowed).or_else(|| self.called(imm))
    }

    fn kfunc(&self, _: usize, imm: i32, _: i16) -> Option<Cow<'_, str>> {
        self.called(imm)
    }

    fn subprogram(&self, index: usize, distance: i32) -> Option<Cow<'_, str>> {
        let start = (index + 1).checked_add_signed(distance as isize)?;
        let function = self.code.function(start).filter(|found| found.address != 0)?;
        Some(Cow::Borrowed(&function.symbol))
    }

    fn imm64(&self, _: usize, value: Imm64) -> Option<Cow<'_, str>> {
        Some(match value {
            Imm64::MapFd(id) => format!("map[id:{id}]").into(),
            Imm64::MapValue { fd, offset } => format!("map[id:{fd}][0]+{offset}").into(),
            Imm64::MapIdxValue { index, offset } => format!("map[idx:{index}]+{offset}").into(),
            Imm64::Func(distance) => format!("subprog[{distance:+}]").into(),
            _ => return None,
        })
    }
}

const HEAD: Style = Style::new().bold();
const SOURCE: Style = AnsiColor::Cyan.on_default();
const LABEL: Style = AnsiColor::Yellow.on_default();
const FAINT: Style = Style::new().dimmed();

impl Report for Xlated {
    fn text(&self, _: &Page) -> String {
        let mut text = String::new();
        let mut shown: Option<&Line> = None;
        for insn in &self.insns {
            if let Some(proto) = &insn.proto {
                let _ = writeln!(text, "{HEAD}{proto}{HEAD:#}:");
                shown = None;
            }
            if let Some(label) = &insn.label {
                let _ = writeln!(text, "{LABEL}{label}{LABEL:#}:");
            }
            if let Some(line) = insn.line.as_ref().filter(|line| line.number != 0) {
                let same = |known: &Line| (&known.file, known.number) == (&line.file, line.number);
                if self.linum || !shown.is_some_and(same) {
                    source(line, self.linum, &mut text);
                }
                shown = Some(line);
            }
            let _ = write!(text, "{:>4}: {}", insn.at, insn.disasm);
            if let Some(jump) = &insn.jump {
                let _ = write!(text, " {LABEL}<{jump}>{LABEL:#}");
            }
            if !insn.note.is_empty() {
                let _ = write!(text, "  {FAINT}; {}{FAINT:#}", insn.note);
            }
            text.push('\n');
            if !insn.bytes.is_empty() {
                let bytes = crate::value::hex(&insn.bytes, " ");
                let _ = writeln!(text, "      {FAINT}{bytes}{FAINT:#}");
            }
        }
        text
    }
}

fn source(line: &Line, linum: bool, text: &mut String) {
    let Line { file, number, column, text: c, .. } = line;
    let _ = write!(text, "{SOURCE}; {}{SOURCE:#}", c.trim());
    if linum {
        let _ = write!(text, " {FAINT}[file:{file} line_num:{number} line_col:{column}]{FAINT:#}");
    }
    text.push('\n');
}
