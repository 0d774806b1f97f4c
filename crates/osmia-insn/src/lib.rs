//! BPF instructions: decode, encode, assemble, and print in the verifier's syntax.
//!
//! The unit is the slot, [`Insn`]: eight bytes, of which any value is held and written back unchanged. Byte order is
//! a value ([`Endian`]), so objects for either kind of machine are handled on every host. What a slot does is an
//! [`Operation`]; a program is walked with a [`Listing`] and written with an [`Assembler`]; [`Cfg`] is its
//! control flow.
//!
//! # Examples
//! ```
//! use osmia_insn::{Endian, Insn, Listing, Reg, Size};
//!
//! let program = [Insn::load(Size::Word, Reg::R0, Reg::R1, 4), Insn::exit()];
//! let bytes = Insn::encode_all(&program, Endian::Big);
//! let read = Insn::decode_all(&bytes, Endian::Big)?;
//! let text: Vec<String> = Listing::new(&read).map(|line| line.to_string()).collect();
//! assert_eq!(text, ["0: (61) r0 = *(u32 *)(r1 +4)", "1: (95) exit"]);
//! # Ok::<(), osmia_insn::DecodeError>(())
//! ```

mod alu;
mod assembler;
mod atomic;
mod byte_order;
mod cfg;
mod class;
mod construct;
mod endian;
mod error;
mod imm64;
mod insn;
mod jump;
mod listing;
mod mode;
mod names;
mod opcode;
mod operand;
mod operation;
mod pseudo;
mod reg;
mod size;
mod source;
mod text;
mod width;

pub use alu::AluOp;
pub use assembler::Assembler;
pub use atomic::AtomicOp;
pub use byte_order::ByteOrder;
pub use cfg::{Block, Call, Cfg, Label, Target};
pub use class::Class;
pub use endian::Endian;
pub use error::{AssembleError, DecodeError};
pub use imm64::Imm64;
pub use insn::Insn;
pub use jump::JumpOp;
pub use listing::{Line, Listing};
pub use mode::Mode;
pub use names::{KernelNames, Names};
pub use opcode::Opcode;
pub use operand::Operand;
pub use operation::Operation;
pub use pseudo::{
    PSEUDO_BTF_ID, PSEUDO_CALL, PSEUDO_FUNC, PSEUDO_KFUNC_CALL, PSEUDO_MAP_FD, PSEUDO_MAP_IDX,
    PSEUDO_MAP_IDX_VALUE, PSEUDO_MAP_VALUE,
};
pub use reg::Reg;
pub use size::Size;
pub use source::Source;
pub use width::Width;
