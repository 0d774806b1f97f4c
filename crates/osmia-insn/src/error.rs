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
