//! A bpf file system that lends rights, and a process in a user namespace that has no others.
//!
//! A user namespace can be entered by processes of one thread alone, and the harness has several. So the test starts its own
//! program again through unshare(1), with itself as the only test, and is the borrower there.

use std::{
    env,
    ffi::OsString,
    fs::{self, File},
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    os::{
        fd::{AsRawFd as _, OwnedFd},
        unix::process::CommandExt as _,
    },
    path::Path,
    process::{Child, Command, Stdio},
};

use rustix::{
    fs::CWD,
    io::Errno,
    mount::{
        FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, fsconfig_create,
        fsconfig_set_string, fsmount, fsopen, move_mount,
    },
    process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open},
    thread::UnshareFlags,
};

/// Where the borrower finds the file system.
pub const PLACE: &str = "/sys/fs/bpf";

/// The environment variable that makes a test the borrower.
const BORROWER: &str = "OSMIA_BORROWER";
/// How unshare(1) is told to make a user namespace whose root is ours, with mounts of its own.
const NAMESPACES: [&str; 3] = ["--user", "--map-root-user", "--mount"];
/// What the borrower's words to the lender begin with.
const WORD: &str = "osmia-borrower: ";

/// What became of a loan.
#[derive(Debug)]
pub enum Loan {
    /// The borrower did its work.
    Made,
    /// The kernel's bpf file systems do not lend.
    NotKnown(io::Error),
    /// The machine has no unshare(1), or lets nobody into a user namespace.
    NoNamespace(String),
}

/// Whether this process is the borrower.
pub fn is_borrower() -> bool {
    env::var_os(BORROWER).is_some()
}

/// Starts the test of this name once more, with these variables in its environment, and lends it all rights.
///
/// # Panics
/// If the borrower fails.
pub fn lend(test: &str, variables: &[(&str, &str)]) -> Loan {
    let exe = env::current_exe().unwrap_or_else(|error| panic!("the test's own program: {error}"));
    let mut command = Command::new("unshare");
    command
        .args(NAMESPACES)
        .arg(exe)
        .args(["--exact", test, "--nocapture"])
        .env(BORROWER, "1")
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Loan::NoNamespace(format!("unshare(1): {error}")),
    };
    let outcome = serve(&mut child);
    // It ends when nobody listens to it any more.
    drop(child.stdin.take());
    let mut said = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        let rest = stdout.read_to_string(&mut said);
        rest.unwrap_or_else(|error| panic!("listen to the borrower: {error}"));
    }
    let status = child.wait().unwrap_or_else(|error| panic!("wait for the borrower: {error}"));
    let loan = outcome.unwrap_or_else(|error| panic!("lend: {error}\n{said}"));
    if matches!(loan, Loan::Made) {
        assert!(status.success(), "the borrower failed: {status}\n{said}");
    }
    loan
}

/// The lender's part: says what the borrower's file system lends.
fn serve(child: &mut Child) -> io::Result<Loan> {
    let (mut stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let mut lines = BufReader::new(stdout.ok_or(io::ErrorKind::BrokenPipe)?);
    let word = loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Ok(Loan::NoNamespace("no user namespace can be entered".to_owned()));
        }
        // The harness may have begun the line.
        if let Some((_, word)) = line.split_once(WORD) {
            break word.trim().to_owned();
        }
    };
    let number = word.parse::<i32>().map_err(|_| io::ErrorKind::InvalidData)?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let pidfd = pidfd_open(pid.ok_or(io::ErrorKind::NotFound)?, PidfdFlags::empty())?;
    let fs = pidfd_getfd(&pidfd, number, PidfdGetfdFlags::empty())?;
    for what in ["delegate_cmds", "delegate_maps", "delegate_progs", "delegate_attachs"] {
        if let Err(errno) = fsconfig_set_string(&fs, what, "any") {
            return Ok(Loan::NotKnown(errno.into()));
        }
    }
    // Kernels before those that lend ignore the words above, and make no bpf file system for other namespaces.
    if let Err(errno) = fsconfig_create(&fs) {
        return if errno == Errno::PERM {
            Ok(Loan::NotKnown(errno.into()))
        } else {
            Err(errno.into())
        };
    }
    if let Some(stdin) = &mut stdin {
        writeln!(stdin, "lent")?;
    }
    child.stdout = Some(lines.into_inner());
    Ok(Loan::Made)
}

/// The borrower's part: mounts what is lent at [`PLACE`]. `false` if nothing is.
///
/// # Panics
/// If it cannot be mounted.
pub fn borrow() -> bool {
    let fs = fsopen("bpf", FsOpenFlags::empty())
        .unwrap_or_else(|error| panic!("make a bpf file system: {error}"));
    say(&fs.as_raw_fd().to_string());
    let mut answer = String::new();
    let heard = io::stdin().read_line(&mut answer);
    heard.unwrap_or_else(|error| panic!("listen to the lender: {error}"));
    let lent = answer.trim() == "lent";
    if lent {
        mount(&fs).unwrap_or_else(|error| panic!("mount what is lent: {error}"));
    }
    lent
}

fn say(word: &str) {
    // Not by print!, which the harness may keep to itself.
    let said = writeln!(io::stdout(), "{WORD}{word}");
    said.unwrap_or_else(|error| panic!("speak to the lender: {error}"));
}

/// What unshare(1) does when it is told `NAMESPACES`, for machines that have none: enters them and becomes the program.
///
/// # Errors
/// If they cannot be entered, or there is no such program.
pub fn unshare(arguments: impl Iterator<Item = OsString>) -> io::Result<()> {
    #[expect(
        deprecated,
        reason = "only unsharing the descriptor table is unsound, and this does not"
    )]
    rustix::thread::unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWNS)?;
    fs::write("/proc/self/uid_map", "0 0 1")?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/gid_map", "0 0 1")?;
    let mut program = arguments.skip(NAMESPACES.len());
    let name = program.next().ok_or(io::ErrorKind::InvalidInput)?;
    Err(Command::new(name).args(program).exec())
}

fn mount(fs: &OwnedFd) -> io::Result<()> {
    let mounted = fsmount(fs, FsMountFlags::empty(), MountAttrFlags::empty())?;
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
    move_mount(&mounted, "", CWD, Path::new(PLACE), flags)?;
    File::open(PLACE).map(drop)
}
