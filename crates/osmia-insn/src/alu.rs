//! Arithmetic operations.

/// A binary arithmetic operation, `dst = dst op operand`.
///
/// Moves, negation and byte swaps have their own [`Operation`](crate::Operation)s.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AluOp {
    /// `+=`
    Add,
    /// `-=`
    Sub,
    /// `*=`
    Mul,
    /// `/=`, unsigned; division by zero gives zero.
    Div,
    /// `s/=`, signed.
    ///
    /// # Kernel
    /// Since 6.6.
    SDiv,
    /// `|=`
    Or,
    /// `&=`
    And,
    /// `<<=`
    Lsh,
    /// `>>=`, fills with zeros.
    Rsh,
    /// `%=`, unsigned; the remainder by zero is the dividend.
    Mod,
    /// `s%=`, signed.
    ///
    /// # Kernel
    /// Since 6.6.
    SMod,
    /// `^=`
    Xor,
    /// `s>>=`, fills with the sign.
    Arsh,
}

impl AluOp {
    /// Every operation.
    pub const ALL: [Self; 13] = [
        Self::Add,
        Self::Sub,
        Self::Mul,
        Self::Div,
        Self::SDiv,
        Self::Or,
        Self::And,
        Self::Lsh,
        Self::Rsh,
        Self::Mod,
        Self::SMod,
        Self::Xor,
        Self::Arsh,
    ];

    /// The operation named by the top four bits of an opcode and the instruction's `off`.
    pub const fn from_bits(code: u8, off: i16) -> Option<Self> {
        Some(match (code & 0xf0, off) {
            (0x00, 0) => Self::Add,
            (0x10, 0) => Self::Sub,
            (0x20, 0) => Self::Mul,
            (0x30, 0) => Self::Div,
            (0x30, 1) => Self::SDiv,
            (0x40, 0) => Self::Or,
            (0x50, 0) => Self::And,
            (0x60, 0) => Self::Lsh,
            (0x70, 0) => Self::Rsh,
            (0x90, 0) => Self::Mod,
            (0x90, 1) => Self::SMod,
            (0xa0, 0) => Self::Xor,
            (0xc0, 0) => Self::Arsh,
            _ => return None,
        })
    }

    /// The top four bits of the opcode.
    pub const fn bits(self) -> u8 {
        match self {
            Self::Add => 0x00,
            Self::Sub => 0x10,
            Self::Mul => 0x20,
            Self::Div | Self::SDiv => 0x30,
            Self::Or => 0x40,
            Self::And => 0x50,
            Self::Lsh => 0x60,
            Self::Rsh => 0x70,
            Self::Mod | Self::SMod => 0x90,
            Self::Xor => 0xa0,
            Self::Arsh => 0xc0,
        }
    }

    /// The instruction's `off`, which tells signed from unsigned division.
    pub const fn off(self) -> i16 {
        matches!(self, Self::SDiv | Self::SMod) as i16
    }

    /// How the kernel prints it.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+=",
            Self::Sub => "-=",
            Self::Mul => "*=",
            Self::Div => "/=",
            Self::SDiv => "s/=",
            Self::Or => "|=",
            Self::And => "&=",
            Self::Lsh => "<<=",
            Self::Rsh => ">>=",
            Self::Mod => "%=",
            Self::SMod => "s%=",
            Self::Xor => "^=",
            Self::Arsh => "s>>=",
        }
    }
}
