//! Whether objects load: `verdict whole|each PINS SECONDS OBJECT...`.
//!
//! A line of JSON tells of each object as a whole by each library; with `each`, one more of each program
//! alone. Nothing is attached. Every object is loaded in a process of its own (`verdict osmia|libbpf ...`), which may
//! crash or hang.

mod attempt;
mod child;
mod libbpf;
mod osmia;
mod run;

use std::path::Path;
use std::process::ExitCode;

/// What became of an object, or of one of its programs.
pub struct Verdict {
    pub opened: bool,
    /// Why it did not load; `None` if it did.
    pub why: Option<String>,
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
    let Some((word, rest)) = arguments.split_first() else { return usage() };
    let loader: &dyn Loader = match word.as_str() {
        "osmia" => &osmia::Osmia::default(),
        "libbpf" => &libbpf::Libbpf,
        "whole" | "each" => {
            let [pins, seconds, objects @ ..] = rest else { return usage() };
            let Ok(seconds) = seconds.parse() else { return usage() };
            return run::all(Path::new(pins), word == "each", seconds, objects);
        }
        _ => return usage(),
    };
    let [object, pins, range, from] = rest else { return usage() };
    let Ok(from) = from.parse() else { return usage() };
    child::tell(loader, Path::new(object), Path::new(pins), range == "each", from);
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("usage: verdict whole|each PINS SECONDS OBJECT...");
    ExitCode::FAILURE
}
