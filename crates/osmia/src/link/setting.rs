//! Attachments that are no links of the kernel, but settings that have to be undone.

use std::fmt::Debug;

use osmia_sys::Errno;

/// A program in a place that keeps it until somebody takes it out.
pub(crate) trait Setting: Debug + Send + Sync {
    /// Takes the program out. A second call does nothing.
    fn undo(&mut self) -> Result<(), Errno>;
}

/// The owner of a setting: dropping it undoes it.
#[derive(Debug)]
pub(crate) struct OwnedSetting(Box<dyn Setting>);

impl OwnedSetting {
    pub(crate) fn new(setting: impl Setting + 'static) -> Self {
        Self(Box::new(setting))
    }

    pub(crate) fn undo(&mut self) -> Result<(), Errno> {
        self.0.undo()
    }
}

impl Drop for OwnedSetting {
    fn drop(&mut self) {
        // Whoever wants to know calls `detach`.
        let _ = self.undo();
    }
}
