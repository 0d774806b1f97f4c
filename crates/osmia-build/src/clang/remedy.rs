//! What to do about what a compiler says.

use crate::clang::diagnostic::{Diagnostic, Severity};

const SIGNED_DIVISION: &str = "BPF divides unsigned numbers only, up to version 3 of its instruction set: divide unsigned numbers, or \
     choose version 4 (`--cpu v4`, `Builder::cpu`), which needs clang 18 and kernel 6.6";

/// Pieces of messages, and what helps.
const REMEDIES: &[(&[&str], &str)] = &[
    (
        &["'bpf/", "file not found"],
        "libbpf's headers are missing: install libbpf-dev (Debian, Ubuntu, Alpine), libbpf-devel \
         (Fedora) or libbpf (Arch)",
    ),
    (
        &["'vmlinux.h' file not found"],
        "vmlinux.h is made from a kernel's types when you ask for it: \
         `Builder::new(..).vmlinux(Vmlinux::Running)`, or give a folder that has one",
    ),
    (
        &["'gnu/stubs", "file not found"],
        "a header of the C library is included, which BPF programs cannot use: include \
         <linux/types.h>, <linux/bpf.h> and their like instead",
    ),
    (
        &["'asm/", "file not found"],
        "the kernel's headers for programs are missing: install linux-libc-dev (Debian, Ubuntu), \
         kernel-headers (Fedora), linux-headers (Alpine) or linux-api-headers (Arch)",
    ),
    (
        &["'linux/", "file not found"],
        "the kernel's headers for programs are missing: install linux-libc-dev (Debian, Ubuntu), \
         kernel-headers (Fedora), linux-headers (Alpine) or linux-api-headers (Arch)",
    ),
    (
        &["symbol '", "' is already defined"],
        "a variable may not have the name of its section: write `char _license[] SEC(\"license\")`",
    ),
    (
        &["unknown target triple"],
        "this clang was built without BPF: install your distribution's clang, or name another \
         one in $OSMIA_CLANG",
    ),
    (
        &["No available targets are compatible with triple"],
        "this clang was built without BPF: install your distribution's clang, or name another \
         one in $OSMIA_CLANG",
    ),
    (
        &["unknown argument"],
        "the compiler does not know it: leave it out if you gave it (`Builder::clang_arg`), or name a newer clang \
         in $OSMIA_CLANG",
    ),
    (&["Cannot select: ", " = sdiv "], SIGNED_DIVISION),
    (&["Cannot select: ", " = srem "], SIGNED_DIVISION),
    (&["unsupported signed division"], SIGNED_DIVISION),
    (
        &["unknown target CPU 'v4'"],
        "version 4 of the instruction set needs clang 18: choose another version with \
         `Builder::cpu`, or another clang in $OSMIA_CLANG",
    ),
];

/// What helps against the first error that something is known against.
pub(crate) fn remedy(diagnostics: &[Diagnostic]) -> Option<&'static str> {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    errors.map(|error| &error.message).find_map(|message| {
        let fits = |pieces: &[&str]| pieces.iter().all(|piece| message.contains(piece));
        REMEDIES.iter().find(|(pieces, _)| fits(pieces)).map(|(_, remedy)| *remedy)
    })
}
