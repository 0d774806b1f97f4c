//! Whether the kernel asks programs about what its security hooks are for.

use crate::error::Error;
use crate::error::kind::{ErrorKind, Release};
use crate::kernel::Kernel;

/// The active security modules.
const MODULES: &str = "/sys/kernel/security/lsm";

/// Programs are attached to security hooks all the same, and never run, where `bpf` is not an active security module.
pub(crate) fn check(kernel: &Kernel) -> Result<(), Error> {
    let Ok(modules) = kernel.files().read(MODULES) else {
        // securityfs is not mounted, or is for others: nothing is known.
        return Ok(());
    };
    let modules = modules.trim();
    if modules.split(',').any(|module| module == "bpf") {
        return Ok(());
    }
    let kind = ErrorKind::Unsupported { feature: "LSM programs", since: Release::new(5, 7) };
    let message = format!(
        "no LSM program would ever run: `bpf` is not among the active security modules ({MODULES} has {modules}); \
         the kernel is to be booted with `lsm={modules},bpf`, and built with CONFIG_BPF_LSM"
    );
    Err(Error::new(kind, message))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::check;
    use crate::kernel::Kernel;

    #[test]
    fn what_would_never_run_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let kernel = Kernel::builder().root(root.path()).build().unwrap();
        assert!(check(&kernel).is_ok(), "nothing is known");
        let folder = root.path().join("sys/kernel/security");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("lsm"), "capability,yama,bpf\n").unwrap();
        assert!(check(&kernel).is_ok());
        fs::write(folder.join("lsm"), "capability,yama\n").unwrap();
        let text = format!("{:#}", check(&kernel).unwrap_err());
        assert!(text.contains("`lsm=capability,yama,bpf`"), "{text}");
    }
}
