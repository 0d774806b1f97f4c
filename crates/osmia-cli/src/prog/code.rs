//! A loaded program's code, and everything that the kernel tells of it.

use osmia_btf::{Btf, StrOff, TypeId, c};
use osmia_insn::{Endian, Insn, Reg};
use osmia_sys::{Bpf, Errno, ProgFd, ProgInfoBufs};

use crate::failure::Failure;
use crate::select::names;
use crate::select::progs::Prog;
use crate::selector::refused;
use crate::value::hex;

/// The byte order of what the kernel hands out.
const HOST: Endian = if cfg!(target_endian = "big") { Endian::Big } else { Endian::Little };

/// What marks a call of one of the program's own functions.
const OWN_CALL: (u8, Reg) = (0x85, Reg::R1);

/// A program's instructions and machine code.
#[derive(Debug, Default)]
pub struct Code {
    /// The instructions as the kernel hands them out.
    pub xlated: Vec<u8>,
    /// The same with calls of own functions by distance, as they were loaded.
    pub insns: Vec<Insn>,
    /// The machine code of all functions, one after the other.
    pub jited: Vec<u8>,
    /// The functions in the order of their instructions.
    pub functions: Vec<Function>,
    /// The lines of C, in the order of their instructions.
    pub lines: Vec<Line>,
    /// The addresses of the machine code of each line.
    pub line_addresses: Vec<u64>,
}

/// A function of a program.
#[derive(Debug, Default)]
pub struct Function {
    /// The slot of its first instruction.
    pub start: usize,
    /// Its name; empty if nobody tells.
    pub name: String,
    /// How C declares it.
    pub prototype: Option<String>,
    /// The name of its machine code among the kernel's symbols.
    pub symbol: String,
    /// The address of its machine code.
    pub address: u64,
    /// The bytes of that.
    pub jited_len: usize,
}

/// The line of C that an instruction begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The slot of the instruction.
    pub at: usize,
    /// The file, as the compiler was given it.
    pub file: String,
    /// The line's number.
    pub number: u32,
    /// The column.
    pub column: u32,
    /// Its text.
    pub text: String,
}

/// Everything as the kernel hands it out.
#[derive(Default)]
struct Raw {
    ksyms: Vec<u64>,
    lens: Vec<u32>,
    funcs: Vec<[u8; 8]>,
    lines: Vec<[u8; 16]>,
    tags: Vec<[u8; 8]>,
}

impl Code {
    /// Asks the kernel for a program's code.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub fn read(bpf: &Bpf, prog: &Prog) -> Result<Self, Failure> {
        let (mut code, raw) = ask(bpf, &prog.fd, prog).map_err(|errno| {
            refused(format!("read the code of program {}", prog.info.id), errno)
        })?;
        let btf = (prog.info.btf_id != 0).then(|| names::read(bpf, prog.info.btf_id)).flatten();
        code.insns = Insn::decode_all(&code.xlated, HOST)?;
        if !raw.ksyms.is_empty() {
            code.insns.iter_mut().for_each(restore_distance);
        }
        code.functions = functions(prog, &raw, btf.as_ref());
        if let Some(btf) = &btf {
            code.lines = raw.lines.iter().map(|record| line(btf, record)).collect();
        }
        Ok(code)
    }

    /// The line that begins with this slot.
    pub fn line(&self, slot: usize) -> Option<&Line> {
        let at = self.lines.binary_search_by_key(&slot, |line| line.at).ok()?;
        self.lines.get(at)
    }

    /// The function that begins with this slot.
    pub fn function(&self, slot: usize) -> Option<&Function> {
        let at = self.functions.binary_search_by_key(&slot, |function| function.start).ok()?;
        self.functions.get(at)
    }
}

fn ask(bpf: &Bpf, fd: &ProgFd, prog: &Prog) -> Result<(Code, Raw), Errno> {
    let info = &prog.info;
    let mut code = Code {
        xlated: vec![0; info.xlated_prog_len as usize],
        jited: vec![0; info.jited_prog_len as usize],
        line_addresses: vec![0; info.nr_jited_line_info as usize],
        ..Code::default()
    };
    let mut raw = Raw {
        ksyms: vec![0; info.nr_jited_ksyms as usize],
        lens: vec![0; info.nr_jited_func_lens as usize],
        funcs: vec![[0; 8]; info.nr_func_info as usize],
        lines: vec![[0; 16]; info.nr_line_info as usize],
        tags: vec![[0; 8]; info.nr_prog_tags as usize],
    };
    let told = bpf.prog_info(
        fd,
        &mut ProgInfoBufs {
            xlated_insns: &mut code.xlated,
            jited_insns: &mut code.jited,
            jited_ksyms: &mut raw.ksyms,
            jited_func_lens: &mut raw.lens,
            func_info: &mut raw.funcs,
            line_info: &mut raw.lines,
            jited_line_info: &mut code.line_addresses,
            tags: &mut raw.tags,
            ..ProgInfoBufs::default()
        },
    )?;
    // Where addresses are hidden, the kernel takes its pointers to the code away.
    if told.xlated_prog_insns == 0 {
        code.xlated.clear();
    }
    if told.jited_prog_insns == 0 {
        code.jited.clear();
    }
    Ok((code, raw))
}

/// The kernel keeps the number of the called function in a call, and the distance beside it.
fn restore_distance(insn: &mut Insn) {
    if (insn.code.0, insn.src) == OWN_CALL {
        (insn.imm, insn.off) = (i32::from(insn.off), 0);
    }
}

fn functions(prog: &Prog, raw: &Raw, btf: Option<&Btf>) -> Vec<Function> {
    let count = raw.ksyms.len().max(raw.funcs.len()).max(1);
    (0..count)
        .map(|at| {
            let record = raw.funcs.get(at).map(|[a, b, c, d, ty @ ..]| {
                (u32::from_ne_bytes([*a, *b, *c, *d]) as usize, TypeId(u32::from_ne_bytes(*ty)))
            });
            let known = btf.zip(record);
            let name = known.and_then(|(btf, (_, ty))| Some(btf.ty(ty).ok()?.name().to_owned()));
            let name =
                name.unwrap_or_else(|| if at == 0 { prog.short_name() } else { String::new() });
            let prototype = known.and_then(|(btf, (_, ty))| c::declare(btf, ty, &name).ok());
            let tag = raw.tags.get(at).unwrap_or(&prog.info.tag);
            let symbol = match name.as_str() {
                "" => format!("bpf_prog_{}_F", hex(tag, "")),
                name => format!("bpf_prog_{}_{name}", hex(tag, "")),
            };
            Function {
                start: record.map_or(0, |(start, _)| start),
                name,
                prototype,
                symbol,
                address: raw.ksyms.get(at).copied().unwrap_or(0),
                jited_len: raw.lens.get(at).map_or(0, |len| *len as usize),
            }
        })
        .collect()
}

fn line(btf: &Btf, record: &[u8; 16]) -> Line {
    let word = |at: usize| {
        let bytes = record.get(at * 4..at * 4 + 4).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, u32::from_ne_bytes)
    };
    let text = |at: u32| btf.string(StrOff(at)).unwrap_or_default().to_owned();
    let place = word(3);
    Line {
        at: word(0) as usize,
        file: text(word(1)),
        text: text(word(2)),
        number: place >> 10,
        column: place & 0x3ff,
    }
}
