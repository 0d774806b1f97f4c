//! A machine.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::error::Error;
use crate::watch::{End, watch};

const QEMU: &str = "qemu-system-x86_64";

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
    /// Whether to use the host's virtualisation where that can be.
    pub accelerated: bool,
}

impl Machine<'_> {
    /// Boots it and hands on each line that is written to its second serial line, until it goes off
    /// or its time is over.
    ///
    /// # Errors
    /// QEMU is not installed or cannot be run, or the archive cannot be read.
    pub fn boot(&self, limit: Duration, line: impl FnMut(&str)) -> Result<End, Error> {
        let initrd = fs::metadata(self.initrd).map_err(|error| Error::file(self.initrd, error))?;
        // The archive is in memory twice while it is unpacked.
        let megabytes = 512 + 3 * initrd.len() / (1 << 20);
        let mut qemu = Command::new(QEMU);
        qemu.args(["-M", "pc", "-cpu", "max", "-smp", "2"])
            .args(if self.accelerated { &["-accel", "kvm"][..] } else { &[] })
            .args(["-accel", "tcg", "-m", &format!("{megabytes}M")])
            .args(["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"])
            .arg("-serial")
            .arg(format!("file:{}", self.console.display()))
            .args(["-serial", "stdio", "-kernel"])
            .arg(self.kernel)
            .arg("-initrd")
            .arg(self.initrd)
            .args(["-append", &format!("{WORDS} {}", self.words)]);
        if self.accelerated {
            // It complains where there is no virtualisation, and goes on without.
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
