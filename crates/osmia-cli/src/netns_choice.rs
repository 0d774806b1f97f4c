//! Which network namespace is meant.

use std::fs::File;
use std::os::fd::OwnedFd;

use clap::Args;

use crate::failure::Failure;

/// Where `ip netns` keeps namespaces by their names.
const NAMED: &str = "/run/netns";

// Which network namespace is meant.
#[derive(Args, Default)]
pub struct NetnsChoice {
    /// In another network namespace: a name of `ip netns`, a file, or the number of a process
    #[arg(long, value_name = "NAME|FILE|PID", global = true)]
    netns: Option<String>,
}

impl NetnsChoice {
    /// Moves this command into the namespace that is meant, if one is.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn enter(&self) -> Result<(), Failure> {
        let Some(written) = &self.netns else { return Ok(()) };
        let file = open(written)?;
        osmia_sys::enter_netns(file)
            .map_err(|errno| Failure::because(format!("enter network namespace {written}"), &errno))
    }
}

fn open(written: &str) -> Result<OwnedFd, Failure> {
    let path = if written.contains('/') {
        written.to_owned()
    } else if written.bytes().all(|byte| byte.is_ascii_digit()) && !named(written) {
        format!("/proc/{written}/ns/net")
    } else {
        format!("{NAMED}/{written}")
    };
    let opened = File::open(&path).map_err(|error| {
        let hint = "`ip netns list` shows those that have names";
        Failure::because(format!("open network namespace {written} ({path})"), &error)
            .with_hint(hint)
    })?;
    Ok(opened.into())
}

fn named(name: &str) -> bool {
    std::path::Path::new(NAMED).join(name).exists()
}
