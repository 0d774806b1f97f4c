//! The initial value of a global variable, typed.

use std::fmt;

use osmia_object::ObjectSpec;
use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::error::Error;
use crate::initial_value;

/// What a global variable or constant will hold when its programs are loaded, or a member of a table
/// of callbacks when that is attached.
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
    /// The variable's or member's name.
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
        initial_value::get(object, name).map(|value| Self::unchanged(name, value))
    }

    pub(crate) fn unchanged(name: &str, value: Box<T>) -> Self {
        Self { name: name.to_owned(), value, changed: false }
    }

    /// The value, if it is another than C's.
    pub(crate) fn change(&self) -> Option<&T> {
        self.changed.then_some(&*self.value)
    }

    pub(crate) fn write(&self, object: &mut ObjectSpec) -> Result<(), Error>
    where
        T: IntoBytes + Immutable,
    {
        // What is as the C has it needs no room in the object, and no call into the kernel.
        match self.change() {
            Some(value) => initial_value::set(object, &self.name, value),
            None => Ok(()),
        }
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
