//! What programs print with `bpf_printk`.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind as IoErrorKind, Read as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;
use crate::trace_line::{Parsed, TraceLine, parse};
use crate::tracefs;

/// Numbers the instances of one process.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// The longest line that is kept together: the kernel prints at most 1024 bytes at once.
const LONGEST: usize = 8192;

/// A reader of the messages that BPF programs print with `bpf_printk`.
///
/// It has a trace buffer of its own (an instance of tracefs), so that it takes nothing away from others
/// who read the system's `trace_pipe`, and leaves nothing behind when it is dropped. All programs of the
/// system print into it; a line tells the thread it was printed in, not the program.
///
/// # Kernel
/// Since 5.9, which made these messages a trace event. On older kernels it reads the system's own
/// `trace_pipe`, and what it reads others do not see. tracefs must be mounted.
pub struct TracePipe {
    pipe: File,
    /// The instance that the pipe is of; none if the system's own pipe is read. It
    /// stands behind the pipe because it can be removed only once that is closed.
    instance: Option<Instance>,
    pending: Vec<u8>,
    messages: VecDeque<TraceLine>,
    /// A message whose further lines may follow.
    open: Option<TraceLine>,
    lost: u64,
}

impl TracePipe {
    /// Opens a reader; it sees what is printed from now on.
    ///
    /// # Errors
    /// `NotFound`: tracefs is not mounted; `Permission`: it is not for this user.
    pub fn open(kernel: &Kernel) -> Result<Self, Error> {
        let tracefs = tracefs::directory(kernel)?;
        remove_orphans(&tracefs.join("instances"));
        let instance = if tracefs.join("events/bpf_trace/bpf_trace_printk").is_dir() {
            Some(Instance(make_instance(&tracefs)?))
        } else {
            None
        };
        let path = instance
            .as_ref()
            .map_or(tracefs.as_path(), |instance| instance.0.as_path())
            .join("trace_pipe");
        let pipe = OpenOptions::new()
            .read(true)
            .custom_flags(osmia_sys::O_NONBLOCK)
            .open(&path)
            .map_err(|error| refused(&path, error))?;
        let (pending, messages) = (Vec::new(), VecDeque::new());
        Ok(Self { pipe, instance, pending, messages, open: None, lost: 0 })
    }

    /// The next message, if one is there. Does not wait: poll the descriptor ([`AsFd`]) for that.
    ///
    /// # Errors
    /// The pipe cannot be read.
    pub fn next_message(&mut self) -> Result<Option<TraceLine>, Error> {
        if self.messages.is_empty() {
            self.fill()?;
        }
        Ok(self.messages.pop_front())
    }

    /// How many messages the kernel has dropped because the buffer was full.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Reads all that is there now.
    fn fill(&mut self) -> Result<(), Error> {
        let mut chunk = [0; 4096];
        loop {
            match self.pipe.read(&mut chunk) {
                Ok(0) => break,
                Ok(len) => self.take(chunk.get(..len).unwrap_or_default()),
                Err(error) if error.kind() == IoErrorKind::WouldBlock => break,
                Err(error) if error.kind() == IoErrorKind::Interrupted => {}
                Err(error) => return Err(Error::invalid("read the trace pipe").caused_by(error)),
            }
        }
        // The kernel writes messages as wholes, so that nothing more of the last one is to come.
        self.messages.extend(self.open.take());
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        while let Some(end) = self.pending.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.pending.drain(..=end).collect();
            self.line(String::from_utf8_lossy(&line).trim_end_matches('\n'));
        }
        if self.pending.len() > LONGEST {
            let line = std::mem::take(&mut self.pending);
            self.line(&String::from_utf8_lossy(&line));
        }
    }

    fn line(&mut self, line: &str) {
        match parse(line) {
            Parsed::Message(message) => {
                self.messages.extend(self.open.take());
                self.open = Some(message);
            }
            Parsed::Lost(count) => self.lost += count,
            Parsed::Continuation => {
                if let Some(open) = &mut self.open {
                    open.message.push('\n');
                    open.message.push_str(line);
                }
            }
        }
    }
}

impl AsFd for TracePipe {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}

/// A trace buffer of our own; dropping it removes it.
#[derive(Debug)]
struct Instance(PathBuf);

impl Drop for Instance {
    fn drop(&mut self) {
        remove_instance(&self.0);
    }
}

impl std::fmt::Debug for TracePipe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TracePipe").field("instance", &self.instance).finish_non_exhaustive()
    }
}

/// Makes a trace buffer of our own and lets messages of programs into it.
fn make_instance(tracefs: &Path) -> Result<PathBuf, Error> {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("osmia-{}-{number}", std::process::id());
    let instance = tracefs.join("instances").join(name);
    std::fs::create_dir(&instance).map_err(|error| refused(&instance, error))?;
    // Waiters are otherwise woken only when half of the buffer is full; kernels before 5.0, which
    // have no such setting, wake them at once.
    let _ = std::fs::write(instance.join("buffer_percent"), "0");
    let enable = instance.join("events/bpf_trace/bpf_trace_printk/enable");
    if let Err(error) = std::fs::write(&enable, "1") {
        remove_instance(&instance);
        return Err(refused(&enable, error));
    }
    Ok(instance)
}

/// Removes an instance; its event must be off and its pipe closed.
fn remove_instance(instance: &Path) {
    let enable = instance.join("events/bpf_trace/bpf_trace_printk/enable");
    // Nothing can be done about a failure, and the next reader tries again.
    let _ = std::fs::write(enable, "0");
    let _ = std::fs::remove_dir(instance);
}

/// Removes the instances of processes that were killed.
fn remove_orphans(instances: &Path) {
    for name in crate::kernel::files::Files::names(instances) {
        let owner = name.strip_prefix("osmia-").and_then(|rest| rest.split_once('-'));
        let Some((pid, _)) = owner else { continue };
        let alive = pid == std::process::id().to_string() || Path::new("/proc").join(pid).exists();
        if !alive {
            remove_instance(&instances.join(&name));
        }
    }
}

fn refused(path: &Path, error: std::io::Error) -> Error {
    let message = format!("open {} for reading what programs print", path.display());
    match error.kind() {
        IoErrorKind::PermissionDenied => {
            Error::new(ErrorKind::Permission, format!("{message}: tracefs is for root"))
        }
        IoErrorKind::NotFound => Error::not_found(message),
        _ => Error::invalid(message),
    }
    .caused_by(error)
}
