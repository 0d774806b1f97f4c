//! A machine.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::error::Error;
use crate::watch::{End, watch};

const QEMU: &str = "qemu-system-x86_64";

/// Emulation on one thread, whatever the number of processors. On more, QEMU 7.2 at times goes on running instructions that
/// another processor of the machine has just replaced, of which kernels die that turn tracepoints on and off.
const EMULATED: &str = "tcg,thread=single";

/// What every kernel is told: where its console is, to go off rather than to hang, and to leave out
/// what takes long under emulation.
const WORDS: &str = "console=ttyS0 panic=-1 reboot=t cryptomgr.notests tsc=reliable no_timer_check";

/// A machine of 64-bit x86 without any device but two serial lines.
#[derive(Clone, Copy, Debug)]
pub struct Machine<'a> {
    /// The kernel: its ELF file, or an image.
    pub kernel: &'a Path,
    /// The archive that it unpacks into its first file system.
    pub initrd: &'a Path,
    /// The file that its console goes to.
    pub console: &'a Path,
    /// What else it is told on its command line.
    pub words: &'a str,
    /// Whether to use the host's virtualisation where that can be. Where it is offered and breaks as
    /// soon as it is used, as it may in machines that are virtual themselves, the machine is emulated.
    pub accelerated: bool,
}

impl Machine<'_> {
    /// Boots it and hands on each line that is written to its second serial line, until it goes off
    /// or its time is over.
    ///
    /// # Errors
    /// QEMU is not installed or cannot be run, or the archive cannot be read.
    pub fn boot(&self, limit: Duration, mut line: impl FnMut(&str)) -> Result<End, Error> {
        if self.accelerated {
            let mut heard = false;
            let end = self.run(true, limit, |said| {
                heard = true;
                line(said);
            })?;
            if !is_broken(&end, heard) {
                return Ok(end);
            }
        }
        self.run(false, limit, line)
    }

    fn run(
        &self,
        accelerated: bool,
        limit: Duration,
        line: impl FnMut(&str),
    ) -> Result<End, Error> {
        let initrd = fs::metadata(self.initrd).map_err(|error| Error::file(self.initrd, error))?;
        // The archive is in memory twice while it is unpacked.
        let megabytes = 512 + 3 * initrd.len() / (1 << 20);
        let mut qemu = Command::new(QEMU);
        qemu.args(["-M", "pc", "-cpu", "max", "-smp", "2"])
            .args(if accelerated { &["-accel", "kvm"][..] } else { &[] })
            .args(["-accel", EMULATED, "-m", &format!("{megabytes}M")])
            .args(["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"])
            .arg("-serial")
            .arg(format!("file:{}", self.console.display()))
            .args(["-serial", "stdio", "-kernel"])
            .arg(self.kernel)
            .arg("-initrd")
            .arg(self.initrd)
            .args(["-append", &format!("{WORDS} {}", self.words)]);
        if accelerated {
            // It complains where there is no virtualisation, and it or we go on without.
            qemu.stderr(Stdio::null());
        }
        watch(&mut qemu, limit, line).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => {
                Error::NoTool { program: QEMU.to_owned(), purpose: "boot a kernel" }
            }
            _ => Error::Run { program: QEMU.to_owned(), source },
        })
    }
}

/// Whether QEMU itself failed before the machine said anything; a machine that goes off ends it well.
fn is_broken(end: &End, heard: bool) -> bool {
    matches!(end, End::Exited(status) if !status.success()) && !heard
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    use super::is_broken;
    use crate::watch::End;

    #[test]
    fn virtualisation_that_breaks_at_once_is_done_without() {
        let aborted = End::Exited(ExitStatus::from_raw(6));
        assert!(is_broken(&aborted, false));
        // What was said cannot be taken back.
        assert!(!is_broken(&aborted, true));
        assert!(!is_broken(&End::Exited(ExitStatus::from_raw(0)), false));
        assert!(!is_broken(&End::TimedOut, false));
    }
}
