//! One instruction slot.

use crate::endian::Endian;
use crate::error::DecodeError;
use crate::imm64::join;
use crate::opcode::Opcode;
use crate::pseudo::{PSEUDO_CALL, PSEUDO_FUNC, PSEUDO_KFUNC_CALL};
use crate::reg::Reg;

/// One 8-byte slot, as the kernel stores it. A 64-bit immediate load takes two slots.
///
/// Any eight bytes are an `Insn`, and come back unchanged from [`Insn::encode`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Insn {
    /// What to do.
    pub code: Opcode,
    /// The destination register.
    pub dst: Reg,
    /// The source register.
    pub src: Reg,
    /// A signed offset: bytes in memory instructions, slots in jumps.
    pub off: i16,
    /// A signed constant.
    pub imm: i32,
}

impl Insn {
    /// Size of a slot in bytes.
    pub const SIZE: usize = 8;

    /// Reads one slot.
    ///
    /// # Examples
    /// ```
    /// use osmia_insn::{Endian, Insn};
    /// let insn = Insn::decode([0xb7, 0x01, 0, 0, 7, 0, 0, 0], Endian::Little);
    /// assert_eq!((insn.dst.number(), insn.imm), (1, 7));
    /// assert_eq!(insn.encode(Endian::Big), [0xb7, 0x10, 0, 0, 0, 0, 0, 7]);
    /// ```
    pub const fn decode(bytes: [u8; 8], endian: Endian) -> Self {
        let [code, regs, o0, o1, i0, i1, i2, i3] = bytes;
        let (low, high) = (Reg::from_nibble(regs), Reg::from_nibble(regs >> 4));
        match endian {
            Endian::Little => Self {
                code: Opcode(code),
                dst: low,
                src: high,
                off: i16::from_le_bytes([o0, o1]),
                imm: i32::from_le_bytes([i0, i1, i2, i3]),
            },
            Endian::Big => Self {
                code: Opcode(code),
                dst: high,
                src: low,
                off: i16::from_be_bytes([o0, o1]),
                imm: i32::from_be_bytes([i0, i1, i2, i3]),
            },
        }
    }

    /// Writes one slot.
    pub const fn encode(self, endian: Endian) -> [u8; 8] {
        let (dst, src) = (self.dst.number(), self.src.number());
        let (regs, [o0, o1], [i0, i1, i2, i3]) = match endian {
            Endian::Little => (dst | src << 4, self.off.to_le_bytes(), self.imm.to_le_bytes()),
            Endian::Big => (src | dst << 4, self.off.to_be_bytes(), self.imm.to_be_bytes()),
        };
        [self.code.0, regs, o0, o1, i0, i1, i2, i3]
    }

    /// Reads a stream of slots. What they mean is not checked.
    ///
    /// # Errors
    /// When the length is not a multiple of eight.
    pub fn decode_all(bytes: &[u8], endian: Endian) -> Result<Vec<Self>, DecodeError> {
        let (len, index) = (bytes.len(), bytes.len() / Self::SIZE);
        if len % Self::SIZE != 0 {
            return Err(DecodeError::Partial { len, index });
        }
        let slots = bytes.chunks_exact(Self::SIZE).filter_map(|chunk| chunk.try_into().ok());
        let mut insns = Vec::with_capacity(index);
        // A loop for each order, neither of which has to choose.
        match endian {
            Endian::Little => insns.extend(slots.map(|slot| Self::decode(slot, Endian::Little))),
            Endian::Big => insns.extend(slots.map(|slot| Self::decode(slot, Endian::Big))),
        }
        Ok(insns)
    }

    /// Writes a stream of slots.
    pub fn encode_all(insns: &[Self], endian: Endian) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(insns.len().saturating_mul(Self::SIZE));
        bytes.extend(insns.iter().flat_map(|insn| insn.encode(endian)));
        bytes
    }

    /// Whether this is the first slot of a 64-bit immediate load, whose second slot follows.
    pub const fn is_wide(self) -> bool {
        self.code.0 == Opcode::LD_IMM64.0
    }

    /// The 64-bit immediate of this slot (low half) and the one after it (high half).
    pub const fn imm64(self, second: Self) -> u64 {
        join(self.imm, second.imm)
    }

    /// Whether this calls something: a helper, a subprogram or a kernel function.
    pub const fn is_call(self) -> bool {
        self.code.0 == Opcode::CALL.0
    }

    /// Whether this calls a helper; `imm` is the helper's number.
    pub const fn is_helper_call(self) -> bool {
        self.is_call() && self.src.number() == 0
    }

    /// Whether this calls a subprogram; `imm` is its distance in slots from the next instruction.
    pub const fn is_pseudo_call(self) -> bool {
        self.is_call() && self.src.number() == PSEUDO_CALL.number()
    }

    /// Whether this calls a kernel function; `imm` is its BTF id.
    pub const fn is_kfunc_call(self) -> bool {
        self.is_call() && self.src.number() == PSEUDO_KFUNC_CALL.number()
    }

    /// Whether this takes the address of a subprogram (a 64-bit immediate load, `src` = 4).
    pub const fn is_func_ref(self) -> bool {
        self.is_wide() && self.src.number() == PSEUDO_FUNC.number()
    }

    /// Whether this returns from the function.
    pub const fn is_exit(self) -> bool {
        self.code.0 == Opcode::EXIT.0
    }
}
