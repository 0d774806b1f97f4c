//! Places in memory that the processor watches.

/// A place in the memory of a process that the processor watches, by one of its few registers for that.
///
/// # Examples
/// ```
/// use osmia::{Breakpoint, PerfEvent};
///
/// static COUNTER: u64 = 0;
///
/// let place = Breakpoint::on_write(&raw const COUNTER as u64, 8);
/// let event = PerfEvent::breakpoint(place).process(1234);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breakpoint {
    pub(crate) address: u64,
    pub(crate) bytes: u64,
    pub(crate) access: Access,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Write,
    ReadOrWrite,
    Execution,
}

impl Breakpoint {
    /// What is written to 1, 2, 4 or 8 bytes at an address that is a multiple of as many.
    pub const fn on_write(address: u64, bytes: u64) -> Self {
        Self { address, bytes, access: Access::Write }
    }

    /// What is read from them, too.
    pub const fn on_access(address: u64, bytes: u64) -> Self {
        Self { address, bytes, access: Access::ReadOrWrite }
    }

    /// What runs the instruction at an address.
    pub const fn on_execution(address: u64) -> Self {
        // The kernel wants the length of a `long` of this machine's.
        Self { address, bytes: size_of::<usize>() as u64, access: Access::Execution }
    }
}

impl Access {
    /// As the kernel counts: `HW_BREAKPOINT_R`, `_W`, `_X`.
    pub(crate) const fn bits(self) -> u32 {
        match self {
            Self::Write => 2,
            Self::ReadOrWrite => 3,
            Self::Execution => 4,
        }
    }

    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Self::Write => "writes",
            Self::ReadOrWrite => "reads and writes",
            Self::Execution => "runs of the instruction",
        }
    }
}
