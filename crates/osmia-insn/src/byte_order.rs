//! Byte order conversions.

/// What a byte order instruction does to its register.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ByteOrder {
    /// `le16` and so on: to little-endian; on a little-endian machine it only cuts off the upper bits.
    ToLittle,
    /// `be16` and so on: to big-endian; on a big-endian machine it only cuts off the upper bits.
    ToBig,
    /// `bswap16` and so on: reverses the bytes on any machine.
    ///
    /// # Kernel
    /// Since 6.6.
    Swap,
}

impl ByteOrder {
    /// How the kernel prints it, before the number of bits.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::ToLittle => "le",
            Self::ToBig => "be",
            Self::Swap => "bswap",
        }
    }
}
