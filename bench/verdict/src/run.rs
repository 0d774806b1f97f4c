//! Many objects by both libraries.

use std::fs;
use std::num::NonZero;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::attempt::Attempt;

/// How many are loaded at once on a processor: the kernel mostly waits for its own others to be done with what is replaced.
const AT_ONCE: usize = 4;

/// Prints what is told of each object, with its path and the library's name, and then that it is done.
pub fn all(pins: &Path, each: bool, seconds: u64, objects: &[String]) -> ExitCode {
    let limit = Duration::from_secs(seconds);
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE * thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(|| {
                while let Some(object) = objects.get(next.fetch_add(1, Ordering::Relaxed)) {
                    for library in ["libbpf", "osmia"] {
                        tell(object, library, pins, each, limit);
                    }
                    println!("{}", json!({ "object": object, "done": true }));
                }
            });
        }
    });
    ExitCode::SUCCESS
}

fn tell(object: &str, library: &str, pins: &Path, each: bool, limit: Duration) {
    // What one pins is not found by the next.
    let name = Path::new(object).file_name().unwrap_or_default().to_string_lossy();
    let pins = pins.join(format!("{}_{library}", name.replace('.', "_")));
    let told: Vec<Value> = match fs::create_dir(&pins) {
        Ok(()) => {
            let attempt = Attempt { library, object: Path::new(object), pins: &pins, each, limit };
            attempt.verdicts()
        }
        Err(error) => {
            let why = format!("{}: {error}", pins.display());
            vec![json!({ "program": null, "opened": false, "loaded": false, "why": why })]
        }
    };
    for mut one in told {
        one["object"] = json!(object);
        one["library"] = json!(library);
        println!("{one}");
    }
    // What stays there goes with the file system that it is in.
    drop(fs::remove_dir_all(pins));
}
