//! What can be wrong with marks.

use osmia_btf::Error as BtfError;

/// Why the marks of a file, or their arguments, cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UsdtError {
    /// The bytes are no ELF file of 64 bits.
    #[error("not a 64-bit ELF file: {0}")]
    Elf(String),
    /// A note is cut short or lacks a part.
    #[error("the note at offset {offset:#x} of .note.stapsdt: {problem}")]
    Note {
        /// Bytes from the start of the section.
        offset: usize,
        /// What is wrong.
        problem: &'static str,
    },
    /// What is said of an argument is not understood.
    #[error("argument {number}, `{text}`: {problem}")]
    Argument {
        /// Which, counted from 0 as in C.
        number: usize,
        /// What the note says.
        text: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// The registers of this machine are not known.
    #[error("arguments on machine {machine} (ELF e_machine) are not known: x86-64 and arm64 are")]
    Machine {
        /// The machine, as ELF numbers it.
        machine: u16,
    },
    /// The program in BPF has no room for so many.
    #[error(
        "there are {count} arguments, and programs have room for {room} (BPF_USDT_MAX_ARG_CNT)"
    )]
    TooMany {
        /// How many there are.
        count: usize,
        /// How many would do.
        room: usize,
    },
    /// The program in BPF was compiled with a header that is not understood.
    #[error("struct {of} of bpf/usdt.bpf.h is not as expected: {problem}")]
    Layout {
        /// The struct.
        of: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// The object's types are broken.
    #[error(transparent)]
    Btf(#[from] BtfError),
}
