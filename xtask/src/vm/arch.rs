//! The architectures that tests are run on by emulation, and what differs between them.

use clap::ValueEnum;

/// An architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Arch {
    /// 64-bit x86, on which the matrix itself runs.
    Amd64,
    /// 64-bit ARM.
    Arm64,
    /// IBM Z: its big end comes first.
    S390x,
}

impl Arch {
    /// All but the one that the matrix runs on.
    pub(crate) const OTHERS: [Self; 2] = [Self::Arm64, Self::S390x];

    /// Debian's name of it.
    pub(crate) fn debian(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
            Self::S390x => "s390x",
        }
    }

    /// Rust's name of it, the CPU's alone.
    pub(crate) fn cpu(self) -> &'static str {
        match self {
            Self::Amd64 => "x86_64",
            Self::Arm64 => "aarch64",
            Self::S390x => "s390x",
        }
    }

    /// What its programs are compiled for, in Cargo's words.
    pub(crate) fn target(self) -> String {
        format!("{}-unknown-linux-gnu", self.cpu())
    }

    /// Debian's kernels for virtual machines where there are any: they are smaller, with more built in.
    pub(crate) fn flavour(self) -> &'static str {
        match self {
            Self::Amd64 => "-cloud-amd64",
            Self::Arm64 => "-cloud-arm64",
            Self::S390x => "-s390x",
        }
    }

    /// The command that emulates a whole machine of it.
    pub(crate) fn system_emulator(self) -> String {
        format!("qemu-system-{}", self.cpu())
    }

    /// The kind of machine that is emulated.
    pub(crate) fn machine(self) -> &'static str {
        match self {
            Self::Amd64 => "pc",
            Self::Arm64 => "virt",
            Self::S390x => "s390-ccw-virtio",
        }
    }

    /// The kind of processor that is emulated.
    pub(crate) fn model(self) -> &'static str {
        match self {
            // It takes less time than the one with everything.
            Self::Arm64 => "cortex-a57",
            Self::Amd64 | Self::S390x => "max",
        }
    }

    /// The device of the line on which the first process tells what the tests say.
    pub(crate) fn line(self) -> &'static str {
        match self {
            Self::Amd64 => "/dev/ttyS1",
            Self::Arm64 => "/dev/ttyAMA0",
            Self::S390x => "/dev/ttysclp0",
        }
    }

    /// The command that runs a single program of it.
    pub(crate) fn emulator(self) -> String {
        format!("qemu-{}-static", self.cpu())
    }
}
