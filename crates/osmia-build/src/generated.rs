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
        let files = [("rs", self.module.as_bytes()), ("o", self.object.as_slice())];
        for (ending, contents) in files {
            let path = dir.join(format!("{}.{ending}", self.name));
            if fs::read(&path).is_ok_and(|there| there == contents) {
                continue;
            }
            fs::write(&path, contents).during("write", &path)?;
        }
        Ok(())
    }
}
