//! The buffer that the verifier and the BTF checker write to.

/// Where a log goes, and how much it says.
#[derive(Debug, Default)]
pub struct Log<'a> {
    /// `1` the usual, `2` every step, and `4` added for the figures alone; `0` for no log.
    pub level: u32,
    /// The bytes; the log ends with a NUL. Empty for no log. Before 6.4 at least 128.
    pub buf: &'a mut [u8],
    /// Written by the call: how long the whole log was, its NUL included, where the kernel tells.
    pub true_size: u32,
}

impl Log<'_> {
    /// The text that is in the buffer, up to its NUL, where something is.
    pub fn text(&self) -> &[u8] {
        let end = self.buf.iter().position(|byte| *byte == 0).unwrap_or(self.buf.len());
        self.buf.get(..end).unwrap_or_default()
    }

    /// The level and the buffer to hand over: both or none, as the kernel refuses one without the other.
    pub(crate) fn asked(&mut self) -> (u32, &mut [u8]) {
        if self.level == 0 || self.buf.is_empty() { (0, &mut []) } else { (self.level, self.buf) }
    }
}
