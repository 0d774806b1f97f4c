//! What can be wrong with a stored instruction stream.

/// An instruction stream that cannot be decoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The length of the stream is not a multiple of eight.
    #[error(
        "{len} bytes of instructions end in the middle of instruction {index} (byte offset {}): \
         a BPF instruction is 8 bytes long",
        index * 8
    )]
    Partial {
        /// Length of the stream in bytes.
        len: usize,
        /// Index of the slot that is cut short.
        index: usize,
    },
}

/// A program whose labels do not work out.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AssembleError {
    /// An instruction refers to a label that was never placed.
    #[error("instruction {index} refers to the label `{label}`, which is not placed anywhere")]
    UnknownLabel {
        /// Slot of the instruction.
        index: usize,
        /// The label.
        label: String,
    },
    /// A label was placed twice.
    #[error("the label `{label}` is placed before instruction {first} and again before {second}")]
    DuplicateLabel {
        /// The label.
        label: String,
        /// Slot of the first place.
        first: usize,
        /// Slot of the second place.
        second: usize,
    },
    /// A label is too far away for the instruction that refers to it.
    #[error(
        "instruction {index} cannot reach the label `{label}`, {distance} slots away: \
         a jump reaches -32768 to 32767 slots, `gotol` further"
    )]
    TooFar {
        /// Slot of the instruction.
        index: usize,
        /// The label.
        label: String,
        /// Distance in slots.
        distance: i64,
    },
}
