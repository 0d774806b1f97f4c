//! The alignment that C gives a type.

use crate::btf::Btf;
use crate::error::Error;
use crate::id::TypeId;
use crate::shape::Shapes;

impl Btf {
    /// The alignment in bytes that C gives a value of the type; 1 for packed structs.
    ///
    /// BTF does not record `aligned(n)`; what the members' offsets and the size allow
    /// is taken.
    ///
    /// # Errors
    /// The type has no size, or its records are broken.
    pub fn align_of(&self, id: TypeId) -> Result<u32, Error> {
        Ok(Shapes::new(self).of(id)?.align)
    }
}
