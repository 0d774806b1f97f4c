//! Instructions as the kernel's verifier prints them.

use crate::atomic::AtomicOp;
use crate::class::Class;
use crate::imm64::Imm64;
use crate::insn::Insn;
use crate::names::{KernelNames, Names};
use crate::operand::Operand;
use crate::operation::Operation;
use crate::reg::Reg;
use crate::size::Size;
use crate::width::Width;
use std::fmt::{self, Display, Formatter};

/// An operation with names for what it refers to, ready to print.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    pub(crate) operation: Operation,
    pub(crate) index: usize,
    pub(crate) names: &'a dyn Names,
}

impl Display for Operation {
    /// The text that the kernel prints, with the names of helpers.
    ///
    /// An unknown encoding is `BUG_`, its class (left out for `stx`, as the kernel does) and its opcode.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Text { operation: *self, index: 0, names: &KernelNames }.fmt(f)
    }
}

impl Display for Insn {
    /// The text that the kernel prints, with the names of helpers. One slot of a 64-bit immediate load is unknown.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.operation().fmt(f)
    }
}

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        use Operation as Op;
        match self.operation {
            Op::Alu { width, op, dst, src } => {
                write!(f, "{} {} {}", Named(width, dst), op.symbol(), Value(width, src))
            }
            Op::Neg { width, dst } => write!(f, "{0} = -{0}", Named(width, dst)),
            Op::Mov { width, dst, src } => {
                write!(f, "{} = {}", Named(width, dst), Value(width, src))
            }
            Op::MovSx { width, dst, src, from } => {
                let (dst, src) = (Named(width, dst), Named(width, src));
                write!(f, "{dst} = (s{}){src}", from.bit_len())
            }
            Op::Endian { order, dst, size } => {
                write!(f, "{dst} = {}{} {dst}", order.symbol(), size.bit_len())
            }
            Op::AddrSpaceCast { dst, src, to, from } => {
                write!(f, "{dst} = addr_space_cast({src}, {to}, {from})")
            }
            Op::PercpuAddr { dst, src } => write!(f, "{dst} = &(void __percpu *)({src})"),
            Op::LdImm64 { dst, value } => self.ld_imm64(f, dst, value),
            Op::LdAbs { size, off } => write!(f, "r0 = *(u{} *)skb[{off}]", size.bit_len()),
            Op::LdInd { size, src, off } => {
                write!(f, "r0 = *(u{} *)skb[{src} + {off}]", size.bit_len())
            }
            Op::Load { size, signed, dst, base, off } => {
                let sign = if signed { 's' } else { 'u' };
                write!(f, "{dst} = *({sign}{} *)({base} {off:+})", size.bit_len())
            }
            Op::Store { size, base, off, src } => {
                write!(f, "*{} = {}", Place(size, base, off), Value(Width::W64, src))
            }
            Op::Atomic { size, op, base, off, src } => atomic(f, op, Place(size, base, off), src),
            Op::LoadAcquire { size, dst, base, off } => {
                write!(f, "{dst} = load_acquire({})", Place(size, base, off))
            }
            Op::StoreRelease { size, base, off, src } => {
                write!(f, "store_release({}, {src})", Place(size, base, off))
            }
            Op::Nospec => f.write_str("nospec"),
            Op::Goto { distance } => write!(f, "goto pc{distance:+}"),
            Op::GotoL { distance } => write!(f, "gotol pc{distance:+}"),
            Op::GotoX { dst } => write!(f, "gotox {dst}"),
            Op::MayGoto { distance } => write!(f, "may_goto pc{distance:+}"),
            Op::Jump { width, op, dst, src, distance } => {
                let (dst, src) = (Named(width, dst), Compared(width, src));
                write!(f, "if {dst} {} {src} goto pc{distance:+}", op.symbol())
            }
            Op::Call { helper } => self.call(f, helper),
            Op::CallSubprogram { distance } => self.call_subprogram(f, distance),
            Op::CallKfunc { btf_id, module } => self.call_kfunc(f, btf_id, module),
            Op::CallX { dst } => write!(f, "callx {dst}"),
            Op::Exit => f.write_str("exit"),
            Op::Unknown(insn) => unknown(f, insn),
        }
    }
}

impl Text<'_> {
    fn ld_imm64(self, f: &mut Formatter<'_>, dst: Reg, value: Imm64) -> fmt::Result {
        match self.names.imm64(self.index, value) {
            Some(name) => write!(f, "{dst} = {name}"),
            None => write!(f, "{dst} = {:#x}", value.bits()),
        }
    }

    fn call(self, f: &mut Formatter<'_>, helper: i32) -> fmt::Result {
        let name = self.names.helper(self.index, helper);
        write!(f, "call {}#{helper}", name.as_deref().unwrap_or("unknown"))
    }

    fn call_subprogram(self, f: &mut Formatter<'_>, distance: i32) -> fmt::Result {
        write!(f, "call pc{distance:+}")?;
        match self.names.subprogram(self.index, distance) {
            Some(name) => write!(f, "#{name}"),
            None => Ok(()),
        }
    }

    fn call_kfunc(self, f: &mut Formatter<'_>, btf_id: i32, module: i16) -> fmt::Result {
        let name = self.names.kfunc(self.index, btf_id, module);
        write!(f, "call {}#{btf_id}", name.as_deref().unwrap_or("kernel-function"))
    }
}

/// A register by its name in an operation of some width.
struct Named(Width, Reg);

impl Display for Named {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.0.letter(), self.1.number())
    }
}

/// A second operand; constants are signed decimals.
struct Value(Width, Operand);

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.1 {
            Operand::Imm(imm) => write!(f, "{imm}"),
            Operand::Reg(reg) => Named(self.0, reg).fmt(f),
        }
    }
}

/// A second operand of a comparison; constants are hexadecimal and 32 bits wide, whatever the width compared.
struct Compared(Width, Operand);

impl Display for Compared {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.1 {
            Operand::Imm(imm) => write!(f, "{imm:#x}"),
            Operand::Reg(reg) => Named(self.0, reg).fmt(f),
        }
    }
}

/// A typed pointer into memory.
#[derive(Clone, Copy)]
struct Place(Size, Reg, i16);

impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "(u{} *)({} {:+})", self.0.bit_len(), self.1, self.2)
    }
}

fn atomic(f: &mut Formatter<'_>, op: AtomicOp, place: Place, src: Reg) -> fmt::Result {
    let suffix = if matches!(place.0, Size::Double) { "64" } else { "" };
    match op {
        AtomicOp::Add => write!(f, "lock *{place} += {src}"),
        AtomicOp::Or => write!(f, "lock *{place} |= {src}"),
        AtomicOp::And => write!(f, "lock *{place} &= {src}"),
        AtomicOp::Xor => write!(f, "lock *{place} ^= {src}"),
        AtomicOp::FetchAdd => write!(f, "{src} = atomic{suffix}_fetch_add({place}, {src})"),
        AtomicOp::FetchOr => write!(f, "{src} = atomic{suffix}_fetch_or({place}, {src})"),
        AtomicOp::FetchAnd => write!(f, "{src} = atomic{suffix}_fetch_and({place}, {src})"),
        AtomicOp::FetchXor => write!(f, "{src} = atomic{suffix}_fetch_xor({place}, {src})"),
        AtomicOp::Xchg => write!(f, "{src} = atomic{suffix}_xchg({place}, {src})"),
        AtomicOp::CmpXchg => write!(f, "r0 = atomic{suffix}_cmpxchg({place}, r0, {src})"),
    }
}

fn unknown(f: &mut Formatter<'_>, insn: Insn) -> fmt::Result {
    let class = match insn.code.class() {
        Class::Ld => "ld_",
        Class::Ldx => "ldx_",
        Class::St => "st_",
        Class::Stx => "",
        Class::Alu => "alu_",
        Class::Alu64 => "alu64_",
        Class::Jmp => "jmp_",
        Class::Jmp32 => "jmp32_",
    };
    write!(f, "BUG_{class}{:02x}", insn.code)
}
