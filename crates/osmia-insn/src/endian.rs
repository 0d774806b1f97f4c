//! The byte order of a stored instruction stream.

/// Byte order of the machine that an instruction stream is meant for.
///
/// BPF objects come as `bpfel` and `bpfeb`. The order decides how `off` and `imm` are stored, and which nibble of
/// the second byte holds the destination register.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Endian {
    /// Least significant byte first; the destination register is the low nibble.
    Little,
    /// Most significant byte first; the destination register is the high nibble.
    Big,
}

impl Endian {
    /// The order of the machine that this code runs on.
    pub const NATIVE: Self = if cfg!(target_endian = "big") { Self::Big } else { Self::Little };
}
