//! The first process of the small machines that kernel tests run in.
//!
//! It mounts what the kernel offers, loads the modules that came along, runs the test programs one after the other and
//! switches the machine off. What the tests print goes to a serial line, between marks of ours.

use std::{
    env,
    fs::{self, File},
    io::{self, Write as _},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{self, Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use osmia_testkit::{
    fixture,
    guard::{lender, netns},
    skip,
};
use rustix::{
    mount::{MountFlags, mount},
    process::{Pid, Signal, kill_process_group},
    system::{RebootCommand, finit_module, reboot},
};

/// The environment variable, set on the kernel's command line, that names the device of the line where the tests' output
/// goes, and our marks.
const LINE: &str = "OSMIA_LINE";
/// That device unless it is named.
const SECOND_LINE: &str = "/dev/ttyS1";
/// What our marks start with.
const MARK: &str = "osmia-init:";
/// Where tests write their skips.
const SKIPS: &str = "/tmp/skips";
/// How many seconds one program may take, if it is not [`LIMIT`].
const SECONDS: &str = "/tests/seconds";
/// How long one test program may take; the slowest takes half a minute where nothing else runs. On a busy host an emulated
/// clock goes up to three times too fast.
const LIMIT: Duration = Duration::from_secs(12 * 60);

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
    let line = env::var_os(LINE).unwrap_or_else(|| SECOND_LINE.into());
    let mut line = File::options().write(true).open(line)?;
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

/// Runs one test program, given as its name and its path, with each line of the filter as an argument, and tells the skips it
/// wrote. If it does not end it is ended, and the next one has its turn.
fn run(test: &str, filter: Option<&str>, line: &mut File) -> io::Result<()> {
    let (name, path) = test.split_once('\t').ok_or(io::ErrorKind::InvalidData)?;
    // A filter that a test program's name fits asks for all of its tests.
    let filter = filter.filter(|filter| !name.contains(filter));
    writeln!(line, "{MARK} begin {name}")?;
    let mut program = Command::new(path);
    program
        .args(filter.into_iter().flat_map(str::lines))
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
        // The group holds the programs that it starts.
        .process_group(0);
    let limit = limit()?;
    let status = wait(program.spawn()?, limit)?;
    if Path::new(SKIPS).exists() {
        for told in fs::read_to_string(SKIPS)?.lines() {
            writeln!(line, "{MARK} skip {told}")?;
        }
        fs::remove_file(SKIPS)?;
    }
    match status {
        Some(status) => writeln!(line, "{MARK} end {status}"),
        None => writeln!(line, "{MARK} cut not done after {} seconds", limit.as_secs()),
    }
}

fn limit() -> io::Result<Duration> {
    match fs::read_to_string(SECONDS) {
        Ok(seconds) => {
            let seconds = seconds.trim().parse().map_err(|_| io::ErrorKind::InvalidData)?;
            Ok(Duration::from_secs(seconds))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(LIMIT),
        Err(error) => Err(error),
    }
}

/// How it ended; `None` if that took too long and it had to be ended.
fn wait(mut program: Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let deadline = Instant::now() + limit;
    while Instant::now() < deadline {
        if let Some(status) = program.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(Duration::from_millis(10));
    }
    kill_process_group(Pid::from_child(&program), Signal::KILL)?;
    program.wait()?;
    Ok(None)
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
