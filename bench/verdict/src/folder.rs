//! Every object of a folder by both libraries, each in a process of its own, which may crash or hang.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long one object may take; machines of the kernel matrix are emulated.
const LIMIT: Duration = Duration::from_secs(180);

/// Prints what is told of each object, with its name and the library's.
pub fn all(folder: &Path) -> ExitCode {
    let Ok(entries) = fs::read_dir(folder) else {
        eprintln!("{}: no such folder", folder.display());
        return ExitCode::FAILURE;
    };
    let mut objects: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    objects.sort();
    for object in objects {
        for library in ["libbpf", "osmia"] {
            tell(&object, library);
        }
    }
    ExitCode::SUCCESS
}

fn tell(object: &Path, library: &str) {
    let name = object.file_name().unwrap_or_default().to_string_lossy();
    let told = match ask(object, library, &name) {
        Ok(told) if !told.is_empty() => told,
        Ok(_) => vec![unloaded("it said nothing")],
        Err(why) => vec![unloaded(&why)],
    };
    for mut one in told {
        one["object"] = json!(name);
        one["library"] = json!(library);
        println!("{one}");
    }
}

fn unloaded(why: &str) -> Value {
    json!({ "program": null, "opened": false, "loaded": false, "why": why })
}

fn ask(object: &Path, library: &str, name: &str) -> Result<Vec<Value>, String> {
    // What one pins is not found by the next.
    let pins = PathBuf::from(format!("/sys/fs/bpf/{}_{library}", name.replace('.', "_")));
    fs::create_dir(&pins).map_err(|error| format!("{}: {error}", pins.display()))?;
    let mut child = Command::new("/proc/self/exe")
        .arg(library)
        .args([object, &pins])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let ended = wait(&mut child);
    let mut said = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_string(&mut said).map_err(|error| error.to_string())?;
    }
    ended?;
    Ok(said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

fn wait(child: &mut Child) -> Result<(), String> {
    let began = Instant::now();
    loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(format!("the loader crashed: {status}")),
            None if began.elapsed() > LIMIT => {
                child.kill().and_then(|()| child.wait()).map_err(|error| error.to_string())?;
                return Err(format!("the loader hung for {} s", LIMIT.as_secs()));
            }
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}
