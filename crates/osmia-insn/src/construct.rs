//! Constructors of instructions.
//!
//! Where an instruction takes a constant or a register, both an `i32` and a [`Reg`] will do.

use crate::alu::AluOp;
use crate::atomic::AtomicOp;
use crate::byte_order::ByteOrder;
use crate::imm64::Imm64;
use crate::insn::Insn;
use crate::jump::JumpOp;
use crate::operand::Operand;
use crate::operation::Operation;
use crate::reg::Reg;
use crate::size::Size;
use crate::width::Width;

/// # Arithmetic
impl Insn {
    /// `dst = dst op src` in 64 bits.
    ///
    /// # Examples
    /// ```
    /// use osmia_insn::{AluOp, Insn, Reg};
    /// assert_eq!(Insn::alu64(AluOp::Add, Reg::R1, 8).to_string(), "r1 += 8");
    /// assert_eq!(Insn::alu64(AluOp::SDiv, Reg::R1, Reg::R2).to_string(), "r1 s/= r2");
    /// ```
    pub fn alu64(op: AluOp, dst: Reg, src: impl Into<Operand>) -> Self {
        Operation::Alu { width: Width::W64, op, dst, src: src.into() }.slot()
    }

    /// `dst = dst op src` in 32 bits.
    pub fn alu32(op: AluOp, dst: Reg, src: impl Into<Operand>) -> Self {
        Operation::Alu { width: Width::W32, op, dst, src: src.into() }.slot()
    }

    /// `dst = src`, 64 bits; the sign of a constant is extended.
    pub fn mov64(dst: Reg, src: impl Into<Operand>) -> Self {
        Operation::Mov { width: Width::W64, dst, src: src.into() }.slot()
    }

    /// `dst = src`, 32 bits; the upper half is cleared.
    pub fn mov32(dst: Reg, src: impl Into<Operand>) -> Self {
        Operation::Mov { width: Width::W32, dst, src: src.into() }.slot()
    }

    /// `dst = imm`, the sign extended to 64 bits.
    pub const fn mov64_imm(dst: Reg, imm: i32) -> Self {
        Operation::Mov { width: Width::W64, dst, src: Operand::Imm(imm) }.slot()
    }

    /// `dst = src`, all 64 bits.
    pub const fn mov64_reg(dst: Reg, src: Reg) -> Self {
        Operation::Mov { width: Width::W64, dst, src: Operand::Reg(src) }.slot()
    }

    /// `dst = (s8)src` and so on, the sign of `from` extended to 64 bits.
    ///
    /// # Kernel
    /// Since 6.6.
    pub const fn mov_sx64(dst: Reg, src: Reg, from: Size) -> Self {
        Operation::MovSx { width: Width::W64, dst, src, from }.slot()
    }

    /// `dst = (s8)src` and so on, the sign of `from` extended to 32 bits.
    ///
    /// # Kernel
    /// Since 6.6.
    pub const fn mov_sx32(dst: Reg, src: Reg, from: Size) -> Self {
        Operation::MovSx { width: Width::W32, dst, src, from }.slot()
    }

    /// `dst = -dst` in 64 bits.
    pub const fn neg64(dst: Reg) -> Self {
        Operation::Neg { width: Width::W64, dst }.slot()
    }

    /// `dst = -dst` in 32 bits.
    pub const fn neg32(dst: Reg) -> Self {
        Operation::Neg { width: Width::W32, dst }.slot()
    }

    /// `dst = be16 dst` and so on.
    pub const fn endian(order: ByteOrder, dst: Reg, size: Size) -> Self {
        Operation::Endian { order, dst, size }.slot()
    }

    /// `dst = addr_space_cast(src, to, from)`.
    ///
    /// # Kernel
    /// Since 6.9.
    pub const fn addr_space_cast(dst: Reg, src: Reg, to: u16, from: u16) -> Self {
        Operation::AddrSpaceCast { dst, src, to, from }.slot()
    }
}

/// # Memory
impl Insn {
    /// Two slots that load a 64-bit constant.
    ///
    /// # Examples
    /// ```
    /// use osmia_insn::{Insn, Reg};
    /// let [first, second] = Insn::ld_imm64(Reg::R1, 0xffff_0000_1234);
    /// assert_eq!(first.imm64(second), 0xffff_0000_1234);
    /// ```
    pub const fn ld_imm64(dst: Reg, value: u64) -> [Self; 2] {
        Imm64::Const(value).slots(dst)
    }

    /// `r0 = *(u32 *)skb[off]` and so on.
    pub const fn ld_abs(size: Size, off: i32) -> Self {
        Operation::LdAbs { size, off }.slot()
    }

    /// `r0 = *(u32 *)skb[src + off]` and so on.
    pub const fn ld_ind(size: Size, src: Reg, off: i32) -> Self {
        Operation::LdInd { size, src, off }.slot()
    }

    /// `dst = *(u32 *)(base + off)` and so on.
    pub const fn load(size: Size, dst: Reg, base: Reg, off: i16) -> Self {
        Operation::Load { size, signed: false, dst, base, off }.slot()
    }

    /// `dst = *(s32 *)(base + off)` and so on.
    ///
    /// # Kernel
    /// Since 6.6.
    pub const fn load_sx(size: Size, dst: Reg, base: Reg, off: i16) -> Self {
        Operation::Load { size, signed: true, dst, base, off }.slot()
    }

    /// `*(u32 *)(base + off) = src` and so on.
    pub fn store(size: Size, base: Reg, off: i16, src: impl Into<Operand>) -> Self {
        Operation::Store { size, base, off, src: src.into() }.slot()
    }

    /// An atomic read-modify-write of `*(base + off)`.
    pub const fn atomic(op: AtomicOp, size: Size, base: Reg, off: i16, src: Reg) -> Self {
        Operation::Atomic { size, op, base, off, src }.slot()
    }

    /// `dst = load_acquire((u64 *)(base + off))` and so on.
    ///
    /// # Kernel
    /// Since 6.15.
    pub const fn load_acquire(size: Size, dst: Reg, base: Reg, off: i16) -> Self {
        Operation::LoadAcquire { size, dst, base, off }.slot()
    }

    /// `store_release((u64 *)(base + off), src)` and so on.
    ///
    /// # Kernel
    /// Since 6.15.
    pub const fn store_release(size: Size, base: Reg, off: i16, src: Reg) -> Self {
        Operation::StoreRelease { size, base, off, src }.slot()
    }
}

/// # Control flow
///
/// Distances count slots from the next instruction. [`Assembler`](crate::Assembler) computes them from labels.
impl Insn {
    /// `goto pc+distance`.
    pub const fn goto(distance: i16) -> Self {
        Operation::Goto { distance }.slot()
    }

    /// `gotol pc+distance`.
    ///
    /// # Kernel
    /// Since 6.6.
    pub const fn gotol(distance: i32) -> Self {
        Operation::GotoL { distance }.slot()
    }

    /// `gotox dst`.
    ///
    /// # Kernel
    /// Since 6.19.
    pub const fn gotox(dst: Reg) -> Self {
        Operation::GotoX { dst }.slot()
    }

    /// `may_goto pc+distance`.
    ///
    /// # Kernel
    /// Since 6.9.
    pub const fn may_goto(distance: i16) -> Self {
        Operation::MayGoto { distance }.slot()
    }

    /// `if dst op src goto pc+distance`, comparing 64 bits.
    pub fn jump64(op: JumpOp, dst: Reg, src: impl Into<Operand>, distance: i16) -> Self {
        Operation::Jump { width: Width::W64, op, dst, src: src.into(), distance }.slot()
    }

    /// `if dst op src goto pc+distance`, comparing 32 bits.
    ///
    /// # Kernel
    /// Since 5.1.
    pub fn jump32(op: JumpOp, dst: Reg, src: impl Into<Operand>, distance: i16) -> Self {
        Operation::Jump { width: Width::W32, op, dst, src: src.into(), distance }.slot()
    }

    /// Calls the helper with this number.
    pub const fn call(helper: i32) -> Self {
        Operation::Call { helper }.slot()
    }

    /// Calls the subprogram this many slots from the next instruction.
    ///
    /// # Kernel
    /// Since 4.16.
    pub const fn call_subprogram(distance: i32) -> Self {
        Operation::CallSubprogram { distance }.slot()
    }

    /// Calls the kernel function with this BTF id; `module` is the index of its module's BTF in the descriptor array
    /// (0 for the kernel proper).
    ///
    /// # Kernel
    /// Since 5.13; functions in modules since 5.16.
    pub const fn call_kfunc(btf_id: i32, module: i16) -> Self {
        Operation::CallKfunc { btf_id, module }.slot()
    }

    /// Returns from the function with `r0` as its value.
    pub const fn exit() -> Self {
        Operation::Exit.slot()
    }
}
