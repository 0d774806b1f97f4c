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
    value: T,
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
        self.value = value;
    }

    /// The value in place, to change a part of it.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.value
    }

    pub(crate) fn read(object: &ObjectSpec, name: &str) -> Result<Self, Error>
    where
        T: FromBytes + IntoBytes + Immutable,
    {
        Ok(Self { name: name.to_owned(), value: initial_value::get(object, name)? })
    }

    pub(crate) fn write(&self, object: &mut ObjectSpec) -> Result<(), Error>
    where
        T: IntoBytes + Immutable,
    {
        initial_value::set(object, &self.name, &self.value)
    }
}

impl<T: fmt::Debug> fmt::Debug for Initial<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Initial").field("name", &self.name).field("value", &self.value).finish()
    }
}
