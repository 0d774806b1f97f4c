//! The smallest BTF that proves something.

/// The bit of a record's second word whose meaning depends on the kind.
pub(crate) const KIND_FLAG: u32 = 1 << 31;

/// The names that the probes use: `a` is at 1, `int` is not needed, `.bss` is at 5,
/// `arg:ctx` at 10.
const STRINGS: &[u8] = b"\0a\0b\0.bss\0arg:ctx\0";

/// BTF in the byte order of this machine.
pub(crate) struct Blob {
    types: Vec<u8>,
}

impl Blob {
    /// Types that begin with `[1] int`.
    pub(crate) fn with_int() -> Self {
        let mut blob = Self { types: Vec::new() };
        // An integer has a name: `b`, at 3. 32 bits, signed.
        blob.types(&[3, 1 << 24, 4, 1 << 24 | 32]);
        blob
    }

    /// `[1] int` alone.
    pub(crate) fn int() -> Vec<u8> {
        Self::with_int().finish()
    }

    /// Appends the words of one record.
    pub(crate) fn types(&mut self, words: &[u32]) -> &mut Self {
        self.types.extend(words.iter().flat_map(|word| word.to_ne_bytes()));
        self
    }

    /// The whole.
    pub(crate) fn finish(&self) -> Vec<u8> {
        let (types, strings) = (self.types.len() as u32, STRINGS.len() as u32);
        let mut bytes = 0xeb9f_u16.to_ne_bytes().to_vec();
        bytes.extend([1, 0]);
        for word in [24, 0, types, types, strings] {
            bytes.extend(u32::to_ne_bytes(word));
        }
        bytes.extend(&self.types);
        bytes.extend(STRINGS);
        bytes
    }
}
