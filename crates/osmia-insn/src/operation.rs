//! What an instruction does.

mod read;
mod write;

use crate::alu::AluOp;
use crate::atomic::AtomicOp;
use crate::byte_order::ByteOrder;
use crate::imm64::Imm64;
use crate::insn::Insn;
use crate::jump::JumpOp;
use crate::operand::Operand;
use crate::reg::Reg;
use crate::size::Size;
use crate::width::Width;

/// What an instruction does: the meaning of one slot, or of the two of a 64-bit immediate load.
///
/// An encoding that no kernel understands is [`Operation::Unknown`] and keeps its slot. Fields that an instruction does
/// not use are ignored, as the kernel's own printer does; the verifier refuses programs that use them
/// ([`Line::uses_reserved_fields`](crate::Line::uses_reserved_fields) tells).
///
/// Distances of jumps and calls count slots from the one after the instruction's first.
///
/// The enum can name a few things that do not exist, such as a load that extends the sign of eight bytes or an atomic
/// addition to one byte. They encode to slots that kernels refuse and that read back as `Unknown`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Operation {
    /// `dst = dst op src`
    Alu {
        /// How many bits take part.
        width: Width,
        /// The operation.
        op: AluOp,
        /// First operand and result.
        dst: Reg,
        /// Second operand.
        src: Operand,
    },
    /// `dst = -dst`
    Neg {
        /// How many bits take part.
        width: Width,
        /// Operand and result.
        dst: Reg,
    },
    /// `dst = src`
    Mov {
        /// How many bits are copied; the rest is cleared.
        width: Width,
        /// Result.
        dst: Reg,
        /// What is copied.
        src: Operand,
    },
    /// `dst = (s8)src`: a move that extends the sign.
    ///
    /// # Kernel
    /// Since 6.6.
    MovSx {
        /// How many bits of `dst` are set; the rest is cleared.
        width: Width,
        /// Result.
        dst: Reg,
        /// What is copied.
        src: Reg,
        /// How much of `src` counts.
        from: Size,
    },
    /// `dst = be16 dst`: a byte order conversion.
    Endian {
        /// What to do.
        order: ByteOrder,
        /// Operand and result.
        dst: Reg,
        /// How much of `dst` counts; the rest is cleared.
        size: Size,
    },
    /// `dst = addr_space_cast(src, to, from)`: turns an arena pointer into a pointer of another address space.
    ///
    /// # Kernel
    /// Since 6.9.
    AddrSpaceCast {
        /// Result.
        dst: Reg,
        /// The pointer.
        src: Reg,
        /// Address space of the result.
        to: u16,
        /// Address space of the pointer.
        from: u16,
    },
    /// `dst = &(void __percpu *)(src)`: this CPU's copy. Only in dumps of loaded programs.
    PercpuAddr {
        /// Result.
        dst: Reg,
        /// The per-CPU address.
        src: Reg,
    },
    /// `dst = value`: 64 bits, in two slots.
    LdImm64 {
        /// Result.
        dst: Reg,
        /// What is loaded.
        value: Imm64,
    },
    /// `r0 = *(u32 *)skb[off]`: packet load in network byte order that ends the program when it is out of bounds.
    LdAbs {
        /// How much is loaded.
        size: Size,
        /// Where in the packet.
        off: i32,
    },
    /// `r0 = *(u32 *)skb[src + off]`: like [`Operation::LdAbs`].
    LdInd {
        /// How much is loaded.
        size: Size,
        /// Base of the place in the packet.
        src: Reg,
        /// Distance from the base.
        off: i32,
    },
    /// `dst = *(u32 *)(base + off)`
    Load {
        /// How much is loaded.
        size: Size,
        /// Whether the sign is extended (since 6.6) rather than the rest cleared.
        signed: bool,
        /// Result.
        dst: Reg,
        /// Pointer.
        base: Reg,
        /// Distance in bytes from the pointer.
        off: i16,
    },
    /// `*(u32 *)(base + off) = src`
    Store {
        /// How much is stored.
        size: Size,
        /// Pointer.
        base: Reg,
        /// Distance in bytes from the pointer.
        off: i16,
        /// What is stored.
        src: Operand,
    },
    /// `lock *(u64 *)(base + off) += src` and its kin: an atomic read-modify-write.
    Atomic {
        /// How much memory changes: a word or a double word.
        size: Size,
        /// The operation.
        op: AtomicOp,
        /// Pointer.
        base: Reg,
        /// Distance in bytes from the pointer.
        off: i16,
        /// Operand; it may receive the old value.
        src: Reg,
    },
    /// `dst = load_acquire((u64 *)(base + off))`
    ///
    /// # Kernel
    /// Since 6.15.
    LoadAcquire {
        /// How much is loaded.
        size: Size,
        /// Result.
        dst: Reg,
        /// Pointer.
        base: Reg,
        /// Distance in bytes from the pointer.
        off: i16,
    },
    /// `store_release((u64 *)(base + off), src)`
    ///
    /// # Kernel
    /// Since 6.15.
    StoreRelease {
        /// How much is stored.
        size: Size,
        /// Pointer.
        base: Reg,
        /// Distance in bytes from the pointer.
        off: i16,
        /// What is stored.
        src: Reg,
    },
    /// `nospec`: a speculation barrier. Only in dumps of loaded programs.
    Nospec,
    /// `goto pc+1`
    Goto {
        /// Distance in slots.
        distance: i16,
    },
    /// `gotol pc+1`: a jump with a 32-bit distance.
    ///
    /// # Kernel
    /// Since 6.6.
    GotoL {
        /// Distance in slots.
        distance: i32,
    },
    /// `gotox r1`: a jump to an address out of an instruction array map.
    ///
    /// # Kernel
    /// Since 6.19.
    GotoX {
        /// Where to.
        dst: Reg,
    },
    /// `may_goto pc+1`: a jump that the kernel takes when a loop has run for too long.
    ///
    /// # Kernel
    /// Since 6.9.
    MayGoto {
        /// Distance in slots.
        distance: i16,
    },
    /// `if dst op src goto pc+1`
    Jump {
        /// How many bits are compared; 32-bit comparisons since 5.1.
        width: Width,
        /// The condition.
        op: JumpOp,
        /// First operand.
        dst: Reg,
        /// Second operand.
        src: Operand,
        /// Distance in slots.
        distance: i16,
    },
    /// `call bpf_map_lookup_elem#1`: a helper call.
    Call {
        /// The helper's number; in a dump of a loaded program, its address.
        helper: i32,
    },
    /// `call pc+1`: a call of a subprogram.
    ///
    /// In a dump of a program that the kernel compiled, the distance is in `off`, and `imm` is the subprogram's number.
    ///
    /// # Kernel
    /// Since 4.16.
    CallSubprogram {
        /// Distance in slots.
        distance: i32,
    },
    /// `call bpf_cpumask_create#1234`: a call of a kernel function.
    ///
    /// # Kernel
    /// Since 5.13; of functions in modules since 5.16.
    CallKfunc {
        /// The function's BTF id.
        btf_id: i32,
        /// Index of the module's BTF in the descriptor array, 0 for the kernel proper.
        module: i16,
    },
    /// `callx r1`: a call through a register. Compilers emit it for function pointers; no kernel accepts it.
    CallX {
        /// Where to.
        dst: Reg,
    },
    /// `exit`: return from the function.
    Exit,
    /// Nothing that a kernel understands.
    Unknown(Insn),
}
