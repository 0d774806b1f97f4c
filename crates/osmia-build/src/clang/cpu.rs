//! Versions of the BPF instruction set.

use std::fmt;
use std::str::FromStr;

/// The newest BPF instructions that the compiler may use.
///
/// Newer ones make smaller programs, which older kernels refuse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Cpu {
    /// The first set; every kernel has it.
    V1,
    /// Adds the jumps below; Linux 4.14.
    V2,
    /// Adds 32-bit jumps and atomic read-modify-write; Linux 5.1, atomics 5.12.
    #[default]
    V3,
    /// Adds sign-extending loads and moves, byte swaps, signed division, long jumps;
    /// Linux 6.6, clang 18.
    V4,
}

impl Cpu {
    /// All of them, the oldest first.
    pub const ALL: [Self; 4] = [Self::V1, Self::V2, Self::V3, Self::V4];

    /// clang's name of it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::V3 => "v3",
            Self::V4 => "v4",
        }
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Cpu {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|cpu| cpu.name() == name);
        found.ok_or_else(|| {
            format!("there is no instruction set `{name}`; there are v1, v2, v3, v4")
        })
    }
}
