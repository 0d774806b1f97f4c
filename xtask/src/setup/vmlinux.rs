//! `vmlinux.h`: the running kernel's types as C.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};
use osmia_testkit::tree;

use crate::command;

/// Where the kernel tells its types.
const BTF: &str = "/sys/kernel/btf/vmlinux";

/// Makes `vmlinux.h` from the running kernel's BTF, unless it was made from this kernel before.
pub(crate) fn make() -> Result<()> {
    let folder = tree::headers();
    let (header, record) = (folder.join("vmlinux.h"), folder.join("vmlinux.made-from"));
    let kernel = kernel();
    if header.is_file() && fs::read_to_string(&record).is_ok_and(|made_from| made_from == kernel) {
        return Ok(());
    }
    ensure!(
        Path::new(BTF).exists(),
        "{BTF} is not there: vmlinux.h is made from it, and programs that read kernel types need it; use a kernel built \
         with CONFIG_DEBUG_INFO_BTF=y"
    );
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    // The record goes first and comes last: a header that was left half-made is made again.
    if record.exists() {
        fs::remove_file(&record)?;
    }
    fs::write(&header, printed()?).with_context(|| header.display().to_string())?;
    fs::write(&record, kernel).with_context(|| record.display().to_string())
}

/// The kernel's types as C.
fn printed() -> Result<Vec<u8>> {
    command::output(Command::new("bpftool").args(["btf", "dump", "file", BTF, "format", "c"]))
}

/// The running kernel's release and build.
fn kernel() -> String {
    let name = rustix::system::uname();
    format!("{} {}", name.release().to_string_lossy(), name.version().to_string_lossy())
}
