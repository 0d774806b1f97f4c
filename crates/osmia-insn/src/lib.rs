//! BPF instructions: decode, encode, assemble, and print in the verifier's syntax.
//!
//! The unit is the slot, [`Insn`]: eight bytes, of which any value is held and written back unchanged. Byte order is
//! a value ([`Endian`]), so objects for either kind of machine are handled on every host.

mod class;
mod endian;
mod error;
mod insn;
mod mode;
mod opcode;
mod pseudo;
mod reg;
mod size;
mod source;

pub use class::Class;
pub use endian::Endian;
pub use error::DecodeError;
pub use insn::Insn;
pub use mode::Mode;
pub use opcode::Opcode;
pub use pseudo::{
    PSEUDO_BTF_ID, PSEUDO_CALL, PSEUDO_FUNC, PSEUDO_KFUNC_CALL, PSEUDO_MAP_FD, PSEUDO_MAP_IDX,
    PSEUDO_MAP_IDX_VALUE, PSEUDO_MAP_VALUE,
};
pub use reg::Reg;
pub use size::Size;
pub use source::Source;
