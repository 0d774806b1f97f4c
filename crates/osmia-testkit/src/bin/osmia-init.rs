//! The first process of the small machines that kernel tests run in.
//!
//! It mounts what the kernel offers, loads the modules that came along, runs the test programs one after the other and
//! switches the machine off. What the tests print goes to the second serial line, between marks of ours.

use std::{
    env,
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
    process::{self, Command, Stdio},
};

use osmia_testkit::{
    fixture,
    guard::{lender, netns},
    skip,
};
use rustix::{
    mount::{MountFlags, mount},
    system::{RebootCommand, finit_module, reboot},
};

/// Where the tests' output goes, and our marks.
const LINE: &str = "/dev/ttyS1";
/// What our marks start with.
const MARK: &str = "osmia-init:";
/// Where tests write their skips.
const SKIPS: &str = "/tmp/skips";

const MOUNTS: [(&str, &str); 9] = [
    ("proc", "/proc"),
    ("sysfs", "/sys"),
    ("devtmpfs", "/dev"),
    ("tmpfs", "/tmp"),
    ("cgroup2", "/sys/fs/cgroup"),
    ("bpf", "/sys/fs/bpf"),
    ("debugfs", "/sys/kernel/debug"),
    ("tracefs", "/sys/kernel/tracing"),
    ("securityfs", "/sys/kernel/security"),
];

fn main() -> io::Result<()> {
    // It is also these machines' `true` and `unshare`.
    if process::id() != 1 {
        let mut words = env::args_os();
        let is_unshare = words.next().is_some_and(|name| Path::new(&name).ends_with("unshare"));
        return if is_unshare { lender::unshare(words) } else { Ok(()) };
    }
    let mounted = mount_all();
    let mut line = File::options().write(true).open(LINE)?;
    let outcome = mounted.and_then(|()| run_all(&mut line));
    match outcome {
        Ok(()) => writeln!(line, "{MARK} done")?,
        Err(error) => writeln!(line, "{MARK} broken {error}")?,
    }
    drop(line);
    rustix::fs::sync();
    reboot(RebootCommand::Restart)?;
    Ok(())
}

fn mount_all() -> io::Result<()> {
    for (kind, place) in MOUNTS {
        fs::create_dir_all(place)?;
        mount(kind, place, kind, MountFlags::empty(), None).map_err(|errno| {
            io::Error::new(errno.kind(), format!("mount {kind} on {place}: {errno}"))
        })?;
    }
    Ok(())
}

fn run_all(line: &mut File) -> io::Result<()> {
    for module in listed("/modules")? {
        // A module may lack something in this kernel; the tests that need it tell.
        if let Err(errno) = finit_module(File::open(&module)?, c"", 0) {
            writeln!(line, "{MARK} module {module}: {errno}")?;
        }
    }
    netns::loopback_up()?;
    let filter = fs::read_to_string("/tests/filter").ok();
    for test in fs::read_to_string("/tests/list")?.lines() {
        run(test, filter.as_deref(), line)?;
    }
    Ok(())
}

/// Runs one test program, given as its name and its path, and tells the skips it wrote.
fn run(test: &str, filter: Option<&str>, line: &mut File) -> io::Result<()> {
    let (name, path) = test.split_once('\t').ok_or(io::ErrorKind::InvalidData)?;
    // A filter that a test program's name fits asks for all of its tests.
    let filter = filter.filter(|filter| !name.contains(filter));
    writeln!(line, "{MARK} begin {name}")?;
    let status = Command::new(path)
        .args(filter)
        .current_dir("/tmp")
        .env_clear()
        .env("PATH", "/bin")
        .env("RUST_BACKTRACE", "1")
        // With one thread the harness does not name threads after tests, and skips could not be told apart.
        .env("RUST_TEST_THREADS", "2")
        .env(fixture::PACKED, "/fixtures")
        // There are no tools in these machines: what needs one is skipped, and counted.
        .env(skip::FILE, SKIPS)
        .stdin(Stdio::null())
        .stdout(line.try_clone()?)
        .stderr(line.try_clone()?)
        .status()?;
    if Path::new(SKIPS).exists() {
        for told in fs::read_to_string(SKIPS)?.lines() {
            writeln!(line, "{MARK} skip {told}")?;
        }
        fs::remove_file(SKIPS)?;
    }
    writeln!(line, "{MARK} end {status}")
}

/// The files in a folder, in order of their names.
fn listed(folder: &str) -> io::Result<Vec<String>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        paths.push(entry?.path().to_string_lossy().into_owned());
    }
    paths.sort();
    Ok(paths)
}
