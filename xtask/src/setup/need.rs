//! What a machine must have.

use std::path::Path;

use crate::command;

/// Something that a package brings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Need {
    /// How it is looked for. Not by asking the package manager: it may have come another way.
    sign: Sign,
    /// Debian's package of it.
    pub(crate) package: &'static str,
}

#[derive(Clone, Copy, Debug)]
enum Sign {
    /// A command on the path.
    Command(&'static str),
    /// A file.
    File(&'static str),
}

impl Need {
    const fn command(name: &'static str, package: &'static str) -> Self {
        Self { sign: Sign::Command(name), package }
    }

    const fn file(path: &'static str, package: &'static str) -> Self {
        Self { sign: Sign::File(path), package }
    }

    /// Whether it is there.
    pub(crate) fn met(&self) -> bool {
        match self.sign {
            Sign::Command(name) => command::find(name).is_some(),
            Sign::File(path) => Path::new(path).exists(),
        }
    }
}

/// For compiling BPF programs and trying them.
pub(crate) const PROGRAMS: &[Need] = &[
    Need::command("clang", "clang"),
    Need::file("/usr/include/bpf/bpf_helpers.h", "libbpf-dev"),
    Need::file("/usr/include/linux/bpf.h", "linux-libc-dev"),
];

/// The clangs whose objects the tests read, besides the machine's own.
pub(crate) const CLANGS: &[Need] = &[
    Need::command("clang-14", "clang-14"),
    Need::command("clang-16", "clang-16"),
    Need::command("clang-19", "clang-19"),
    Need::command("clang-22", "clang-22"),
];

/// For running tests on other kernels.
pub(crate) const MACHINES: &[Need] = &[
    Need::command("qemu-system-x86_64", "qemu-system-x86"),
    Need::command("dpkg-deb", "dpkg"),
    Need::command("lz4", "lz4"),
    Need::command("xz", "xz-utils"),
    Need::command("zstd", "zstd"),
];

/// For running tests on other architectures.
pub(crate) const OTHER_MACHINES: &[Need] = &[
    Need::command("qemu-system-aarch64", "qemu-system-arm"),
    Need::command("qemu-system-s390x", "qemu-system-misc"),
    Need::command("qemu-s390x-static", "qemu-user-static"),
    Need::command("dpkg-deb", "dpkg"),
    Need::command("xz", "xz-utils"),
];
