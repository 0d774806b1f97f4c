//! Integers that programs and this process change at the same time.

use osmia_sys::{Errno, Scalar};

use crate::error::Error;
use crate::error::kind::{ErrorKind, Release};
use crate::map::refusal::Operation;
use crate::map::update::UpdateFlags;
use crate::plain::Plain;
use crate::variable::{Variable, constant};

impl<T: Scalar + Plain> Variable<T> {
    /// The variable itself, in mapped memory, as an atomic: what programs add to it by
    /// `__sync_fetch_and_add` and what is added here is not lost.
    ///
    /// # Kernel
    /// Since 5.5, which can map sections.
    ///
    /// # Errors
    /// `Permission`: it is a constant, or its section is frozen; `Unsupported`: the kernel cannot map its section;
    /// `Invalid`: it is not at a multiple of its size, as members of packed structs.
    ///
    /// # Examples
    /// ```no_run
    /// # fn take(hits: &osmia::Variable<u64>) -> Result<u64, osmia::Error> {
    /// use std::sync::atomic::Ordering::Relaxed;
    ///
    /// // Counts from 0 again, and loses none.
    /// Ok(hits.atomic()?.swap(0, Relaxed))
    /// # }
    /// ```
    #[inline]
    pub fn atomic(&self) -> Result<&T::Atomic, Error> {
        let place = &self.place;
        match place.memory() {
            _ if place.constant => Err(constant(&place.name)),
            Some(memory) => memory.atomic::<T>(place.offset).map_err(|errno| self.no_atomic(errno)),
            None => Err(self.not_mapped()),
        }
    }

    #[cold]
    fn no_atomic(&self, errno: Errno) -> Error {
        let (name, offset) = (self.name(), self.place.offset);
        match errno {
            Errno::INVAL => Error::invalid(format!(
                "variable `{name}` is at {offset} in its section, which is no multiple of its {} bytes: the \
                 machine has no atomics there",
                self.size()
            )),
            Errno::ACCESS => Error::new(
                ErrorKind::Permission,
                format!("the section of variable `{name}` can be read only: it is frozen"),
            ),
            _ => self.place.failed(Operation::Update(UpdateFlags::ANY), errno),
        }
    }

    #[cold]
    fn not_mapped(&self) -> Error {
        let since = Release::new(5, 5);
        let kind = ErrorKind::Unsupported { feature: "variables in mapped memory", since };
        let name = self.name();
        Error::new(
            kind,
            format!("the section of variable `{name}` is not in memory; {since} can map it"),
        )
    }
}
