//! What the source register of a 64-bit immediate or a call stands for.

use crate::reg::Reg;

/// [`Insn::src`](crate::Insn::src) of a 64-bit immediate: `imm` is a map's file descriptor.
pub const PSEUDO_MAP_FD: Reg = Reg::R1;
/// A map's file descriptor; the second slot's `imm` is an offset into its single value.
///
/// # Kernel
/// Since 5.2.
pub const PSEUDO_MAP_VALUE: Reg = Reg::R2;
/// `imm` is the BTF id of a kernel variable; the second slot's `imm` is the descriptor of a module's BTF, or 0.
///
/// # Kernel
/// Since 5.10.
pub const PSEUDO_BTF_ID: Reg = Reg::R3;
/// `imm` is the distance in slots to a subprogram whose address is taken, counted (as in a call) from the slot after
/// the first one.
///
/// # Kernel
/// Since 5.13.
pub const PSEUDO_FUNC: Reg = Reg::R4;
/// `imm` is an index into the descriptor array that was given with the program.
///
/// # Kernel
/// Since 5.14.
pub const PSEUDO_MAP_IDX: Reg = Reg::R5;
/// An index into the descriptor array; the second slot's `imm` is an offset into the map's single value.
///
/// # Kernel
/// Since 5.14.
pub const PSEUDO_MAP_IDX_VALUE: Reg = Reg::R6;

/// [`Insn::src`](crate::Insn::src) of a call to a subprogram: `imm` is the distance in slots from the next instruction.
///
/// # Kernel
/// Since 4.16.
pub const PSEUDO_CALL: Reg = Reg::R1;
/// A call to a kernel function: `imm` is its BTF id, `off` an index of a module's BTF in the descriptor array.
///
/// # Kernel
/// Since 5.13.
pub const PSEUDO_KFUNC_CALL: Reg = Reg::R2;
