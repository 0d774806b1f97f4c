//! `vmlinux.h`: the running kernel's types as C.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use osmia_btf::{Btf, c};
use osmia_testkit::tree;

/// Where the kernel tells its types.
const BTF: &str = "/sys/kernel/btf/vmlinux";

/// To be raised when what is printed changes, so that headers of before are made again.
const PRINTER: u32 = 1;

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
fn printed() -> Result<String> {
    let bytes = fs::read(BTF).with_context(|| BTF.to_owned())?;
    let btf = Btf::parse(bytes.into(), None).with_context(|| BTF.to_owned())?;
    c::header(&btf).with_context(|| BTF.to_owned())
}

/// The running kernel's release and build, and the printer's edition.
fn kernel() -> String {
    let name = rustix::system::uname();
    let (release, version) = (name.release().to_string_lossy(), name.version().to_string_lossy());
    format!("{release} {version} (printer {PRINTER})")
}
