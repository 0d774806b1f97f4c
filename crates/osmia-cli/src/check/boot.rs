//! `osmia check --boot`: what kernels say when they are asked to load an object.

pub mod guest;
mod mark;
pub mod verdict;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use osmia_vm::{Cpio, End, Guest, Machine, image};
use tempfile::TempDir;

use crate::check::boot::mark::Mark;
use crate::check::boot::verdict::Booted;
use crate::check::target::Checked;
use crate::failure::Failure;

/// How many of the console's last lines tell why a machine stopped.
const LAST_WORDS: usize = 12;

/// What machines are made of.
pub struct Boot<'a> {
    guest: Guest,
    object: Vec<u8>,
    limit: Duration,
    folder: &'a TempDir,
}

impl<'a> Boot<'a> {
    /// Prepares to load an object in machines, each of which has so much time.
    ///
    /// # Errors
    /// This program cannot be packed.
    pub fn new(object: Vec<u8>, limit: Duration, folder: &'a TempDir) -> Result<Self, Failure> {
        let packed = |error| Failure::because("pack this program for the machine", &error);
        Ok(Self { guest: Guest::running().map_err(packed)?, object, limit, folder })
    }

    /// Boots a kernel and has it load the object's programs, each by itself.
    ///
    /// # Errors
    /// There is nothing to boot it from, QEMU is missing, or the machine stops or hangs.
    pub fn ask(&self, checked: &Checked) -> Result<Booted, Failure> {
        let name = checked.kernel.name();
        self.boot(checked).map_err(|failure| failure.during(format!("boot {name}")))
    }

    fn boot(&self, checked: &Checked) -> Result<Booted, Failure> {
        let kernel = self.kernel(checked)?;
        let (initrd, console) = (self.path("initrd"), self.path("console"));
        write(&initrd, &self.archive(checked)?)?;
        let mut booted = Booted::default();
        let mut done = false;
        let machine = Machine {
            kernel: &kernel,
            initrd: &initrd,
            console: &console,
            words: &format!("{} {}=1", self.guest.words(), guest::WANTED),
            accelerated: Path::new("/dev/kvm").exists(),
        };
        let end = machine.boot(self.limit, |line| match Mark::read(line) {
            Some(Mark::Done) => done = true,
            Some(Mark::Note(note)) => booted.notes.push(note.to_owned()),
            None => booted.hear(line),
        });
        let end = end.map_err(|error| match error {
            osmia_vm::Error::NoTool { .. } => Failure::unsupported(error.to_string())
                .with_hint("Debian's package is qemu-system-x86"),
            error => Failure::from_error(&error),
        })?;
        match end {
            _ if done => Ok(booted),
            End::TimedOut => Err(stopped(
                &console,
                &format!("not done after {} s; --boot-limit gives it more", self.limit.as_secs()),
            )),
            End::Exited(status) => {
                Err(stopped(&console, &format!("the machine stopped ({status})")))
            }
        }
    }

    /// What QEMU boots: the kernel's ELF file, unless it cannot be booted as it is.
    fn kernel(&self, checked: &Checked) -> Result<PathBuf, Failure> {
        let Some(path) = &checked.image else {
            return Err(Failure::usage(
                "its types alone cannot be booted; name its image with --kernel-image",
            ));
        };
        let bytes = image::extract(path)?;
        if image::boots_itself(&bytes) {
            let kernel = self.path("vmlinux");
            write(&kernel, &bytes)?;
            return Ok(kernel);
        }
        let is_elf = fs::read(path).is_ok_and(|image| image == bytes);
        match is_elf {
            false => Ok(path.clone()),
            true => Err(Failure::unsupported(format!(
                "{} was built without CONFIG_PVH, so that only its image (vmlinuz) boots",
                path.display()
            ))),
        }
    }

    /// The machine's first file system.
    fn archive(&self, checked: &Checked) -> Result<Vec<u8>, Failure> {
        let mut cpio = Cpio::default();
        self.guest.pack(&mut cpio)?;
        cpio.file(guest::OBJECT.trim_start_matches('/'), &self.object);
        cpio.folder(guest::MODULES.trim_start_matches('/'));
        for module in checked.modules.iter().filter(|module| module.is_loadable()) {
            let path = format!("{}/{}.ko", guest::MODULES, module.name);
            cpio.file(path.trim_start_matches('/'), &read(&module.path)?);
        }
        if let (Some(release), Some(config)) = (&checked.release, config(checked)) {
            cpio.file(&format!("boot/config-{release}"), &read(&config)?);
        }
        Ok(cpio.finish())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// The configuration that lies beside a kernel's image.
fn config(checked: &Checked) -> Option<PathBuf> {
    let folder = checked.image.as_ref()?.parent()?;
    let names = [format!("config-{}", checked.release.as_ref()?), "config".to_owned()];
    names.iter().map(|name| folder.join(name)).find(|path| path.is_file())
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::because(format!("read {}", path.display()), &error))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(path, bytes)
        .map_err(|error| Failure::because(format!("write {}", path.display()), &error))
}

/// A machine that did not get to its end, with what its console said last.
fn stopped(console: &Path, why: &str) -> Failure {
    let log = fs::read(console).unwrap_or_default();
    let log = String::from_utf8_lossy(&log).into_owned();
    let lines: Vec<&str> = log.lines().collect();
    let last = lines.get(lines.len().saturating_sub(LAST_WORDS)..).unwrap_or_default();
    Failure::new(why).with_details(last.join("\n"))
}
