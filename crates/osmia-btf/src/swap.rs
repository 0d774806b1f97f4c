//! The other byte order.

use crate::btf::Btf;
use crate::builder::Builder;
use crate::endian::Endian;
use crate::error::Error;

impl Btf {
    /// The same types in this byte order, and the base's with them. Ids and the offsets of
    /// strings stay.
    ///
    /// # Errors
    /// A record is broken.
    pub fn to_endian(&self, endian: Endian) -> Result<Self, Error> {
        if endian == self.endian() {
            return Ok(self.clone());
        }
        let base = self.base().map(|base| base.to_endian(endian)).transpose()?;
        let mut builder = Builder::from_btf(self)?;
        // Records are made of words of four bytes, and nothing else.
        for word in builder.types.chunks_exact_mut(4) {
            word.reverse();
        }
        builder.endian = endian;
        Self::parse(builder.to_bytes()?, base)
    }
}
