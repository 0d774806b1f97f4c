//! The first process of the machines that `osmia check --boot` asks: this program.

use std::env;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::{self, Command, ExitCode, Stdio};

use rustix::mount::{MountFlags, mount};
use rustix::system::{RebootCommand, finit_module, reboot};

use crate::check::boot::mark::Mark;

/// What is in the environment of a first process that is asked for an answer.
pub const WANTED: &str = "OSMIA_GUEST";
/// Where the object is.
pub const OBJECT: &str = "/object.bpf.o";
/// Where modules are.
pub const MODULES: &str = "/modules";

/// Where answers go.
const LINE: &str = "/dev/ttyS1";

const MOUNTS: [(&str, &str); 8] = [
    ("proc", "/proc"),
    ("sysfs", "/sys"),
    ("devtmpfs", "/dev"),
    ("tmpfs", "/tmp"),
    ("cgroup2", "/sys/fs/cgroup"),
    ("bpf", "/sys/fs/bpf"),
    ("tracefs", "/sys/kernel/tracing"),
    ("securityfs", "/sys/kernel/security"),
];

/// Whether this is the first process of such a machine.
pub fn is_wanted() -> bool {
    process::id() == 1 && env::var_os(WANTED).is_some()
}

/// Asks the kernel, answers, and switches the machine off.
pub fn run() -> ExitCode {
    let outcome = mount_all().and_then(|notes| {
        let mut line = File::options().write(true).open(LINE)?;
        for note in notes {
            writeln!(line, "{}", Mark::Note(&note))?;
        }
        ask(&mut line)
    });
    if let Err(error) = outcome {
        // The console is all that is left to tell it to.
        let _ = writeln!(io::stderr(), "osmia: {error}");
    }
    rustix::fs::sync();
    match reboot(RebootCommand::Restart) {
        Ok(()) => ExitCode::SUCCESS,
        // The kernel panics when its first process ends, and the machine goes off.
        Err(_) => ExitCode::FAILURE,
    }
}

/// Mounts what the kernel offers; what it does not is told.
fn mount_all() -> io::Result<Vec<String>> {
    let mut notes = Vec::new();
    for (kind, place) in MOUNTS {
        let made = fs::create_dir_all(place);
        let mounted = made.and_then(|()| {
            mount(kind, place, kind, MountFlags::empty(), None).map_err(io::Error::from)
        });
        if let Err(error) = mounted {
            let told = format!("mount {kind} on {place}: {error}");
            match kind {
                "proc" | "sysfs" | "devtmpfs" => return Err(io::Error::other(told)),
                _ => notes.push(told),
            }
        }
    }
    Ok(notes)
}

fn ask(line: &mut File) -> io::Result<()> {
    for (module, error) in load_modules()? {
        let module = module.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        writeln!(line, "{}", Mark::Note(&format!("module {module} does not load: {error}")))?;
    }
    // Whether programs load or not, it says so itself.
    Command::new("/proc/self/exe")
        .args(["-j", "prog", "verify", "--all", OBJECT])
        .env_remove(WANTED)
        .stdin(Stdio::null())
        .stdout(line.try_clone()?)
        .stderr(line.try_clone()?)
        .status()?;
    writeln!(line, "{}", Mark::Done)
}

/// Loads the modules that came along, in whatever order they need each other; those that do not load.
fn load_modules() -> io::Result<Vec<(PathBuf, io::Error)>> {
    let mut pending = Vec::new();
    for entry in fs::read_dir(MODULES)? {
        pending.push(entry?.path());
    }
    loop {
        let mut failed = Vec::new();
        for path in &pending {
            let loaded = File::open(path)
                .and_then(|file| finit_module(file, c"", 0).map_err(io::Error::from));
            failed.extend(loaded.err().map(|error| (path.clone(), error)));
        }
        if failed.len() == pending.len() {
            return Ok(failed);
        }
        pending = failed.into_iter().map(|(path, _)| path).collect();
    }
}
