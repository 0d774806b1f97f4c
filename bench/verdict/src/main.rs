//! Whether an object loads: `verdict osmia|libbpf OBJECT PIN_DIRECTORY [each]`.
//!
//! A line of JSON tells of the whole object; with `each`, one more of each program alone.
//! Nothing is attached. `verdict FOLDER` tells of all objects in a folder by both libraries.

mod folder;
mod libbpf;
mod osmia;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

/// What became of an object, or of one of its programs.
pub struct Verdict {
    pub opened: bool,
    /// Why it did not load; `None` if it did.
    pub why: Option<String>,
}

impl Verdict {
    fn tell(&self, program: Option<&str>) {
        let loaded = self.opened && self.why.is_none();
        let (opened, why) = (self.opened, &self.why);
        println!(
            "{}",
            json!({ "program": program, "opened": opened, "loaded": loaded, "why": why })
        );
    }
}

/// A loader.
trait Loader {
    /// The names of an object's programs, if it opens.
    fn programs(&self, object: &Path) -> Option<Vec<String>>;
    /// Loads all that loads by itself, or this program alone.
    fn load(&self, object: &Path, pins: &Path, program: Option<&str>) -> Verdict;
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [folder] = arguments.as_slice() {
        return folder::all(Path::new(folder));
    }
    let [library, object, pins, rest @ ..] = arguments.as_slice() else {
        eprintln!("usage: verdict osmia|libbpf OBJECT PIN_DIRECTORY [each], or verdict FOLDER");
        return ExitCode::FAILURE;
    };
    let loader: &dyn Loader = if library == "libbpf" { &libbpf::Libbpf } else { &osmia::Osmia };
    let (object, pins) = (PathBuf::from(object), PathBuf::from(pins));
    loader.load(&object, &pins, None).tell(None);
    if rest.iter().any(|word| word == "each") {
        for program in loader.programs(&object).unwrap_or_default() {
            loader.load(&object, &pins, Some(&program)).tell(Some(&program));
        }
    }
    ExitCode::SUCCESS
}
