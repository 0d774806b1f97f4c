//! Osmia's verdict.

use std::cell::OnceCell;
use std::path::Path;

use osmia::{Error, Kernel, Loader as Load, ObjectSpec};

use crate::{Loader, Verdict};

#[derive(Default)]
pub struct Osmia {
    /// Its types are read once.
    kernel: OnceCell<Kernel>,
}

impl Osmia {
    fn kernel(&self) -> Result<&Kernel, Error> {
        match self.kernel.get() {
            Some(kernel) => Ok(kernel),
            None => Kernel::running().map(|kernel| self.kernel.get_or_init(|| kernel)),
        }
    }
}

impl Loader for Osmia {
    fn programs(&self, object: &Path) -> Option<Vec<String>> {
        Some(open(object).ok()?.programs.keys().cloned().collect())
    }

    fn load(&self, object: &Path, pins: &Path, program: Option<&str>) -> Verdict {
        let mut spec = match open(object) {
            Ok(spec) => spec,
            Err(why) => return Verdict { opened: false, why: Some(why) },
        };
        if let Some(program) = program {
            spec.programs.values_mut().for_each(|one| one.autoload = one.name == program);
        }
        let loaded = self
            .kernel()
            .and_then(|kernel| Load::new(kernel).pin_directory(pins).load(&spec).map(drop));
        Verdict { opened: true, why: loaded.err().map(|error| format!("{error:#}")) }
    }
}

fn open(object: &Path) -> Result<ObjectSpec, String> {
    let bytes = std::fs::read(object).map_err(|error| error.to_string())?;
    osmia::open(&name(object), bytes).map_err(|error| format!("{error:#}"))
}

fn name(object: &Path) -> String {
    object.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
