//! Modes of memory instructions.

/// The top three bits of a memory opcode: how memory is addressed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Mode {
    /// `BPF_IMM`: no memory at all, a 64-bit immediate.
    Imm = 0x00,
    /// `BPF_ABS`: packet load at a fixed offset.
    Abs = 0x20,
    /// `BPF_IND`: packet load at a register plus an offset.
    Ind = 0x40,
    /// `BPF_MEM`: ordinary load or store.
    Mem = 0x60,
    /// `BPF_MEMSX`: load that extends the sign.
    MemSx = 0x80,
    /// 0xa0: no meaning in a program; the kernel marks its own arena loads with it.
    Reserved5 = 0xa0,
    /// `BPF_ATOMIC`: an atomic operation, named by `imm`.
    Atomic = 0xc0,
    /// 0xe0: no meaning in a program; the kernel marks its own arena atomics with it.
    Reserved7 = 0xe0,
}

impl Mode {
    /// The mode in the top three bits of an opcode.
    pub const fn from_bits(code: u8) -> Self {
        match code & 0xe0 {
            0x00 => Self::Imm,
            0x20 => Self::Abs,
            0x40 => Self::Ind,
            0x60 => Self::Mem,
            0x80 => Self::MemSx,
            0xa0 => Self::Reserved5,
            0xc0 => Self::Atomic,
            _ => Self::Reserved7,
        }
    }

    /// The bits of this mode in an opcode.
    pub const fn bits(self) -> u8 {
        self as u8
    }
}
