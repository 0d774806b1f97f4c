//! Conditions of jumps.

/// What a conditional jump compares, `if dst op operand`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum JumpOp {
    /// `==`
    Eq,
    /// `>`, unsigned.
    Gt,
    /// `>=`, unsigned.
    Ge,
    /// `&`: any common bit is set.
    Set,
    /// `!=`
    Ne,
    /// `s>`, signed.
    SGt,
    /// `s>=`, signed.
    SGe,
    /// `<`, unsigned.
    ///
    /// # Kernel
    /// Since 4.14.
    Lt,
    /// `<=`, unsigned.
    ///
    /// # Kernel
    /// Since 4.14.
    Le,
    /// `s<`, signed.
    ///
    /// # Kernel
    /// Since 4.14.
    SLt,
    /// `s<=`, signed.
    ///
    /// # Kernel
    /// Since 4.14.
    SLe,
}

impl JumpOp {
    /// Every condition.
    pub const ALL: [Self; 11] = [
        Self::Eq,
        Self::Gt,
        Self::Ge,
        Self::Set,
        Self::Ne,
        Self::SGt,
        Self::SGe,
        Self::Lt,
        Self::Le,
        Self::SLt,
        Self::SLe,
    ];

    /// The condition named by the top four bits of an opcode.
    pub const fn from_bits(code: u8) -> Option<Self> {
        Some(match code & 0xf0 {
            0x10 => Self::Eq,
            0x20 => Self::Gt,
            0x30 => Self::Ge,
            0x40 => Self::Set,
            0x50 => Self::Ne,
            0x60 => Self::SGt,
            0x70 => Self::SGe,
            0xa0 => Self::Lt,
            0xb0 => Self::Le,
            0xc0 => Self::SLt,
            0xd0 => Self::SLe,
            _ => return None,
        })
    }

    /// The top four bits of the opcode.
    pub const fn bits(self) -> u8 {
        match self {
            Self::Eq => 0x10,
            Self::Gt => 0x20,
            Self::Ge => 0x30,
            Self::Set => 0x40,
            Self::Ne => 0x50,
            Self::SGt => 0x60,
            Self::SGe => 0x70,
            Self::Lt => 0xa0,
            Self::Le => 0xb0,
            Self::SLt => 0xc0,
            Self::SLe => 0xd0,
        }
    }

    /// How the kernel prints it.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Eq => "==",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Set => "&",
            Self::Ne => "!=",
            Self::SGt => "s>",
            Self::SGe => "s>=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::SLt => "s<",
            Self::SLe => "s<=",
        }
    }
}
