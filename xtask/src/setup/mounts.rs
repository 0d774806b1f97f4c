//! The kernel's file systems.

use anyhow::Result;
use osmia_testkit::guard::mounts::{BPFFS, DEBUGFS, TRACEFS};

use crate::command;

/// Mounts tracefs, debugfs and bpffs where they are not, or says how to.
pub(crate) fn mount_missing() -> Result<()> {
    for fs in [TRACEFS, DEBUGFS, BPFFS] {
        if fs.mounted()?.is_some() {
            continue;
        }
        if rustix::process::geteuid().is_root() {
            // A container may forbid it, and not everything needs every one of them.
            if let Err(error) = fs.ensure() {
                command::say(&format!("note: {error}"));
            }
        } else {
            command::say(&format!(
                "note: {} is not mounted; as root: {}",
                fs.kind(),
                fs.how_to_mount()
            ));
        }
    }
    Ok(())
}
