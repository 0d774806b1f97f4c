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
    /// The one that it embeds on big-endian machines, if the other one is for the others only.
    pub big_endian_object: Option<Vec<u8>>,
    /// The C file and everything that it includes.
    pub inputs: Vec<PathBuf>,
    /// The compiler's warnings, with their notes.
    pub warnings: Vec<Diagnostic>,
}

impl Generated {
    /// The names of the files and their contents: `name.rs` and `name.o`, or `name.le.o` and `name.be.o`.
    pub fn files(&self) -> Vec<(String, &[u8])> {
        let Self { name, module, object, big_endian_object, .. } = self;
        let module = (format!("{name}.rs"), module.as_bytes());
        match big_endian_object {
            None => vec![module, (format!("{name}.o"), object)],
            Some(big) => {
                vec![module, (format!("{name}.le.o"), object), (format!("{name}.be.o"), big)]
            }
        }
    }

    /// The module of this name as it was written into a folder.
    pub(crate) fn read_from(dir: &Path, name: String) -> Result<Self, Error> {
        let read = |file: String| {
            let path = dir.join(file);
            fs::read(&path).during("read", &path).map(|contents| (contents, path))
        };
        let (module, path) = read(format!("{name}.rs"))?;
        let module = String::from_utf8_lossy(&module).into_owned();
        let mut inputs = vec![path];
        let mut object = |order: &str| -> Result<Vec<u8>, Error> {
            let (object, path) = read(format!("{name}{order}.o"))?;
            inputs.push(path);
            Ok(object)
        };
        let (object, big_endian_object) = if module.contains(&format!("\"{name}.le.o\"")) {
            (object(".le")?, Some(object(".be")?))
        } else {
            (object("")?, None)
        };
        Ok(Self { name, module, object, big_endian_object, inputs, warnings: Vec::new() })
    }

    /// Writes the files into a folder. Files that are so already stay untouched.
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
        let files = self.files().into_iter().map(|(file, contents)| (dir.join(file), contents));
        files
            .filter(|(path, contents)| !fs::read(path).is_ok_and(|there| there == *contents))
            .collect::<Vec<_>>()
            .into_iter()
    }
}
