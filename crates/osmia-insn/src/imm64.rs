//! What a 64-bit immediate load loads.

use crate::insn::Insn;
use crate::opcode::Opcode;
use crate::pseudo::{
    PSEUDO_BTF_ID, PSEUDO_FUNC, PSEUDO_MAP_FD, PSEUDO_MAP_IDX, PSEUDO_MAP_IDX_VALUE,
    PSEUDO_MAP_VALUE,
};
use crate::reg::Reg;

/// The value of a 64-bit immediate load: its source register says what the two halves mean.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Imm64 {
    /// A constant.
    Const(u64),
    /// The map behind a file descriptor. In a dump of a loaded program the descriptor is the map's id.
    MapFd(i32),
    /// An address inside the single value of an array map.
    MapValue {
        /// Descriptor, or id in a dump.
        fd: i32,
        /// Offset into the value.
        offset: i32,
    },
    /// A kernel variable.
    BtfId {
        /// The variable's BTF id.
        id: i32,
        /// Descriptor of a module's BTF, 0 for the kernel's own.
        btf_fd: i32,
    },
    /// The address of a subprogram: the distance in slots from the slot after the first one, as in a call.
    Func(i32),
    /// A map by its place in the descriptor array.
    MapIdx(i32),
    /// An address inside the single value of an array map, by its place in the descriptor array.
    MapIdxValue {
        /// Index into the array.
        index: i32,
        /// Offset into the value.
        offset: i32,
    },
}

impl Imm64 {
    /// The value of a load from its source register and the `imm`s of both slots; `None` if no kernel knows the source.
    pub const fn from_fields(src: Reg, low: i32, high: i32) -> Option<Self> {
        Some(match src {
            Reg::R0 => Self::Const(join(low, high)),
            PSEUDO_MAP_FD => Self::MapFd(low),
            PSEUDO_MAP_VALUE => Self::MapValue { fd: low, offset: high },
            PSEUDO_BTF_ID => Self::BtfId { id: low, btf_fd: high },
            PSEUDO_FUNC => Self::Func(low),
            PSEUDO_MAP_IDX => Self::MapIdx(low),
            PSEUDO_MAP_IDX_VALUE => Self::MapIdxValue { index: low, offset: high },
            _ => return None,
        })
    }

    /// The source register and the `imm`s of both slots.
    pub const fn fields(self) -> (Reg, i32, i32) {
        match self {
            Self::Const(value) => (Reg::R0, low_half(value), low_half(value >> 32)),
            Self::MapFd(fd) => (PSEUDO_MAP_FD, fd, 0),
            Self::MapValue { fd, offset } => (PSEUDO_MAP_VALUE, fd, offset),
            Self::BtfId { id, btf_fd } => (PSEUDO_BTF_ID, id, btf_fd),
            Self::Func(distance) => (PSEUDO_FUNC, distance, 0),
            Self::MapIdx(index) => (PSEUDO_MAP_IDX, index, 0),
            Self::MapIdxValue { index, offset } => (PSEUDO_MAP_IDX_VALUE, index, offset),
        }
    }

    /// The two slots that load this into `dst`.
    pub const fn slots(self, dst: Reg) -> [Insn; 2] {
        let (src, low, high) = self.fields();
        let (first, second) = (Opcode::LD_IMM64, Opcode::LD_IMM64_SECOND);
        [
            Insn { code: first, dst, src, off: 0, imm: low },
            Insn { code: second, dst: Reg::R0, src: Reg::R0, off: 0, imm: high },
        ]
    }

    /// Both halves as one number, whatever they mean.
    pub const fn bits(self) -> u64 {
        let (_, low, high) = self.fields();
        join(low, high)
    }
}

/// Two halves as one number.
pub(crate) const fn join(low: i32, high: i32) -> u64 {
    zero_extended(low) | zero_extended(high) << 32
}

/// The same 32 bits as an unsigned number.
const fn zero_extended(imm: i32) -> u64 {
    u32::from_le_bytes(imm.to_le_bytes()) as u64
}

/// The low 32 bits as a signed number.
const fn low_half(value: u64) -> i32 {
    i32::from_le_bytes((value as u32).to_le_bytes())
}
