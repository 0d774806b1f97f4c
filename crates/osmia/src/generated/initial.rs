//! The initial value of a global variable, typed.

use std::fmt;

use osmia_object::ObjectSpec;
use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::error::Error;
use crate::initial_value;

/// What a global variable or constant will hold when its programs are loaded.
///
/// It owns the value; the spec takes it over at load. Setting it cannot fail.
#[derive(Clone, PartialEq, Eq)]
pub struct Initial<T> {
    name: String,
    // Variables may be larger than a stack.
    value: Box<T>,
    changed: bool,
}

impl<T> Initial<T> {
    /// The variable's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value as it is now; at first the one that the C gives it.
    pub fn get(&self) -> &T {
        &self.value
    }

    /// Replaces the value.
    pub fn set(&mut self, value: T) {
        *self.value = value;
        self.changed = true;
    }

    /// The value in place, to change a part of it.
    pub fn get_mut(&mut self) -> &mut T {
        self.changed = true;
        &mut self.value
    }

    pub(crate) fn read(object: &ObjectSpec, name: &str) -> Result<Self, Error>
    where
        T: FromBytes + IntoBytes + Immutable,
    {
        let value = initial_value::get(object, name)?;
        Ok(Self { name: name.to_owned(), value, changed: false })
    }

    pub(crate) fn write(&self, object: &mut ObjectSpec) -> Result<(), Error>
    where
        T: IntoBytes + Immutable,
    {
        // What is as the C has it needs no room in the object, and no call into the kernel.
        if !self.changed {
            return Ok(());
        }
        initial_value::set(object, &self.name, &*self.value)
    }
}

impl<T: fmt::Debug> fmt::Debug for Initial<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Initial")
            .field("name", &self.name)
            .field("value", &self.value)
            .finish_non_exhaustive()
    }
}
