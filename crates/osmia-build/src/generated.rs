//! A module, its object, and what they were made from.

use std::fs;
use std::path::{Path, PathBuf};

use crate::clang::diagnostic::Diagnostic;
use crate::error::{Error, IoContext};

/// What was made of a C file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Generated {
    /// The module's name.
    pub name: String,
    /// The module's text.
    pub module: String,
    /// The object that the module embeds.
    pub object: Vec<u8>,
    /// The C file and everything that it includes.
    pub inputs: Vec<PathBuf>,
    /// The compiler's warnings, with their notes.
    pub warnings: Vec<Diagnostic>,
}

impl Generated {
    /// Writes `name.rs` and `name.o` into a folder. Files that are so already stay untouched.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn write_to(&self, dir: &Path) -> Result<(), Error> {
        fs::create_dir_all(dir).during("make the folder", dir)?;
        for (path, contents) in self.stale(dir) {
            fs::write(&path, contents).during("write", &path)?;
        }
        Ok(())
    }

    /// The files of this module that are missing in a folder, or are others there.
    pub fn stale_in(&self, dir: &Path) -> Vec<PathBuf> {
        self.stale(dir).map(|(path, _)| path).collect()
    }

    fn stale(&self, dir: &Path) -> impl Iterator<Item = (PathBuf, &[u8])> {
        let files = [("rs", self.module.as_bytes()), ("o", self.object.as_slice())];
        let place = |ending| dir.join(format!("{}.{ending}", self.name));
        let files = files.map(|(ending, contents)| (place(ending), contents));
        files
            .into_iter()
            .filter(|(path, contents)| !fs::read(path).is_ok_and(|there| there == *contents))
    }
}
