//! The program that the kernel runs for each open file of each task, to tell who holds objects of a kind.

use osmia_abi::FuncId;
use osmia_btf::{Btf, Kind, TypeId};
use osmia_insn::{AluOp, Assembler, Endian, Insn, JumpOp, Reg, Size};
use osmia_sys::FdKind;

/// The magic number of the file system that has the files of BPF objects.
const ANON_INODE_FS: i32 = 0x0904_1934;

/// The bytes of a record: the process, the object's id, and the process's name.
pub const RECORD: usize = 24;
const TASK: i16 = -24;
const ID: i16 = -20;
const COMM: i16 = -16;
/// Where a file's name is compared, before that of the process comes there.
const NAME: i16 = -16;
const POINTER: i16 = -32;

/// The fields of the context: `struct bpf_iter__task_file`.
const CTX_META: i16 = 0;
const CTX_TASK: i16 = 8;
const CTX_FILE: i16 = 24;

const OUT: &str = "out";
const OURS: &str = "ours";

/// The program, and what it is attached to.
#[derive(Debug)]
pub struct Program {
    /// The function of the kernel that stands for the iterator, in the kernel's BTF.
    pub target: u32,
    /// The instructions, in this machine's byte order.
    pub insns: Vec<u8>,
}

/// How objects of a kind are found.
struct Shape {
    /// The names of their files, each with its end.
    names: &'static [&'static [u8]],
    /// The struct that a file of theirs points to, and from there the members up to the id.
    outer: &'static str,
    steps: &'static [&'static str],
}

impl Shape {
    fn of(kind: FdKind) -> Option<Self> {
        Some(match kind {
            FdKind::Prog => {
                Self { names: &[b"bpf-prog\0"], outer: "bpf_prog", steps: &["aux", "id"] }
            }
            FdKind::Map => Self { names: &[b"bpf-map\0"], outer: "bpf_map", steps: &["id"] },
            FdKind::Btf => Self { names: &[b"btf\0"], outer: "btf", steps: &["id"] },
            FdKind::Link => {
                Self { names: &[b"bpf-link\0", b"bpf_link\0"], outer: "bpf_link", steps: &["id"] }
            }
            _ => return None,
        })
    }
}

impl Program {
    /// The program for a kernel with these types; `None` if they are not as they should be.
    ///
    /// They are found from one function and one struct, which are searched for in one walk.
    pub fn new(btf: &Btf, kind: FdKind) -> Option<Self> {
        const ITERATOR: &str = "bpf_iter_task_file";
        let shape = Shape::of(kind)?;
        btf.look_for([ITERATOR, shape.outer]).ok()?;
        let iterator = btf.find(Kind::Func, ITERATOR).ok()??;
        let outer = btf.find(Kind::Struct, shape.outer).ok()??.id();
        let types = Types(btf);
        // (meta, task, fd, file)
        let params: Vec<TypeId> = btf
            .ty(iterator.target()?)
            .ok()?
            .params()
            .map(|param| Some(param.ok()?.ty))
            .collect::<Option<_>>()?;
        let [_, task, _, file] = *params else { return None };
        let insns = code(&types, &shape, types.behind(task)?, types.behind(file)?, outer)?;
        Some(Self { target: iterator.id().0, insns: Insn::encode_all(&insns, Endian::NATIVE) })
    }
}

/// Where members are, in the kernel's types.
struct Types<'a>(&'a Btf);

impl Types<'_> {
    /// What a pointer points to.
    fn behind(&self, pointer: TypeId) -> Option<TypeId> {
        let pointer = self.0.resolve(pointer).ok()?;
        if pointer.kind() == Kind::Ptr { pointer.target() } else { None }
    }

    /// Where a member is, and its type.
    fn member(&self, of: TypeId, path: &str) -> Option<(i16, TypeId)> {
        let place = self.0.member(of, path).ok()?;
        Some((i16::try_from(place.offset.byte()).ok()?, place.ty))
    }

    /// Where a pointer is, and what it points to.
    fn pointer(&self, of: TypeId, path: &str) -> Option<(i16, TypeId)> {
        let (at, ty) = self.member(of, path)?;
        Some((at, self.behind(ty)?))
    }
}

fn code(
    types: &Types<'_>,
    shape: &Shape,
    task: TypeId,
    file: TypeId,
    outer: TypeId,
) -> Option<Vec<Insn>> {
    let mut code = Assembler::new();
    code.extend([
        Insn::mov64_reg(Reg::R6, Reg::R1),
        load(Reg::R7, Reg::R6, CTX_TASK),
        load(Reg::R8, Reg::R6, CTX_FILE),
    ]);
    // Both are missing at the end of the walk.
    code.jump64(JumpOp::Eq, Reg::R7, 0, OUT).jump64(JumpOp::Eq, Reg::R8, 0, OUT);
    only_ours(&mut code, types, shape, file)?;
    code.push(load(Reg::R9, Reg::R8, types.member(file, "private_data")?.0));
    note_id(&mut code, types, shape, outer)?;
    note_process(&mut code, types, task)?;
    code.extend([
        load(Reg::R1, Reg::R6, CTX_META),
        // The sequence that is written to comes first in the description of the iterator.
        load(Reg::R1, Reg::R1, 0),
        Insn::mov64_reg(Reg::R2, Reg::R10),
        Insn::alu64(AluOp::Add, Reg::R2, i32::from(TASK)),
        Insn::mov64_imm(Reg::R3, RECORD as i32),
        call(FuncId::SEQ_WRITE),
    ]);
    code.label(OUT).extend([Insn::mov64_imm(Reg::R0, 0), Insn::exit()]);
    code.assemble().ok()
}

/// Ends the program for files that are not of this kind.
///
/// They are told by their names and their file system, which nobody else can put files into: the addresses of
/// the kernel's functions for them would have to be looked for among all of its symbols.
fn only_ours(code: &mut Assembler, types: &Types<'_>, shape: &Shape, file: TypeId) -> Option<()> {
    let (dentry_at, dentry) = types.pointer(file, "f_path.dentry")?;
    let (sb_at, sb) = types.pointer(dentry, "d_sb")?;
    code.extend([
        load(Reg::R9, Reg::R8, dentry_at),
        load(Reg::R1, Reg::R9, sb_at),
        load(Reg::R1, Reg::R1, types.member(sb, "s_magic")?.0),
    ]);
    code.jump64(JumpOp::Ne, Reg::R1, ANON_INODE_FS, OUT);
    code.push(load(Reg::R3, Reg::R9, types.member(dentry, "d_name.name")?.0));
    read(code, NAME, 16);
    code.jump64(JumpOp::Ne, Reg::R0, 0, OUT);
    for (number, name) in shape.names.iter().enumerate() {
        let other = format!("other {number}");
        only_named(code, name, &other)?;
        code.goto(OURS).label(other);
    }
    code.goto(OUT).label(OURS);
    Some(())
}

/// Goes elsewhere unless the name that was read is this one, compared in the largest pieces that there are.
fn only_named(code: &mut Assembler, name: &[u8], other: &str) -> Option<()> {
    let (mut rest, mut at) = (name, NAME);
    while !rest.is_empty() {
        if let Some((piece, behind)) = rest.split_first_chunk::<8>() {
            code.push(load(Reg::R1, Reg::R10, at));
            code.extend(Insn::ld_imm64(Reg::R2, u64::from_ne_bytes(*piece)));
            code.jump64(JumpOp::Ne, Reg::R1, Reg::R2, other);
            (rest, at) = (behind, at + 8);
        } else if let Some((piece, behind)) = rest.split_first_chunk::<4>() {
            code.push(Insn::load(Size::Word, Reg::R1, Reg::R10, at));
            code.push(Insn::mov32(Reg::R2, i32::from_ne_bytes(*piece)));
            code.jump64(JumpOp::Ne, Reg::R1, Reg::R2, other);
            (rest, at) = (behind, at + 4);
        } else {
            let (byte, behind) = rest.split_first()?;
            code.push(Insn::load(Size::Byte, Reg::R1, Reg::R10, at));
            code.jump64(JumpOp::Ne, Reg::R1, i32::from(*byte), other);
            (rest, at) = (behind, at + 1);
        }
    }
    Some(())
}

/// Follows the object in `r9` to its id.
fn note_id(code: &mut Assembler, types: &Types<'_>, shape: &Shape, outer: TypeId) -> Option<()> {
    let (last, pointers) = shape.steps.split_last()?;
    let mut of = outer;
    for step in pointers {
        let (at, to) = types.pointer(of, step)?;
        code.push(Insn::mov64_reg(Reg::R3, Reg::R9));
        code.push(Insn::alu64(AluOp::Add, Reg::R3, i32::from(at)));
        read(code, POINTER, 8);
        code.push(load(Reg::R9, Reg::R10, POINTER));
        of = to;
    }
    code.push(Insn::mov64_reg(Reg::R3, Reg::R9));
    code.push(Insn::alu64(AluOp::Add, Reg::R3, i32::from(types.member(of, last)?.0)));
    read(code, ID, 4);
    code.jump64(JumpOp::Ne, Reg::R0, 0, OUT);
    Some(())
}

/// Notes the process of the task in `r7`: its number, and the name of its first thread.
fn note_process(code: &mut Assembler, types: &Types<'_>, task: TypeId) -> Option<()> {
    code.extend([
        Insn::load(Size::Word, Reg::R1, Reg::R7, types.member(task, "tgid")?.0),
        Insn::store(Size::Word, Reg::R10, TASK, Reg::R1),
        load(Reg::R3, Reg::R7, types.member(task, "group_leader")?.0),
        Insn::alu64(AluOp::Add, Reg::R3, i32::from(types.member(task, "comm")?.0)),
    ]);
    read(code, COMM, 16);
    Some(())
}

fn load(dst: Reg, base: Reg, at: i16) -> Insn {
    Insn::load(Size::Double, dst, base, at)
}

fn call(helper: FuncId) -> Insn {
    Insn::call(helper.0 as i32)
}

/// Copies so many bytes from the kernel's address in `r3` to the stack, which is zero if that cannot be read.
fn read(code: &mut Assembler, to: i16, len: i32) {
    code.extend([
        Insn::mov64_reg(Reg::R1, Reg::R10),
        Insn::alu64(AluOp::Add, Reg::R1, i32::from(to)),
        Insn::mov64_imm(Reg::R2, len),
        call(FuncId::PROBE_READ_KERNEL),
    ]);
}
