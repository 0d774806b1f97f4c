//! `osmia token`: rights that bpf file systems lend to processes without them.

use std::fs;
use std::path::PathBuf;

use clap::Subcommand;
use osmia::Kernel;
use osmia_sys::Bpf;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;
use crate::report::{Page, Report};
use crate::table::Table;

/// The way to bpf(2) of all commands, with the rights that are lent to this process, if any are: by the file system
/// that the environment variable `LIBBPF_BPF_TOKEN_PATH` names, or in a user namespace by the usual one.
///
/// # Errors
/// The file system that the environment names gives no token.
pub fn bpf() -> Result<Bpf, Failure> {
    Ok(Kernel::running()?.bpf().clone())
}

// The verbs of `osmia token`.
#[derive(Subcommand)]
#[command(defer = true, infer_subcommands = true, disable_help_subcommand = true)]
pub enum TokenVerb {
    /// List bpf file systems, and what they lend
    #[command(visible_alias = "show", aliases = ["s", "l", "ls"])]
    List,
}

/// A bpf file system that lends rights, under the names that bpftool has in its JSON.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Lender {
    token_info: PathBuf,
    allowed_cmds: Vec<String>,
    allowed_maps: Vec<String>,
    allowed_progs: Vec<String>,
    allowed_attachs: Vec<String>,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Lenders(Vec<Lender>);

impl TokenVerb {
    /// Lists them.
    ///
    /// # Errors
    /// procfs is not mounted.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let Self::List = self;
        let table = fs::read_to_string("/proc/self/mounts")
            .map_err(|error| Failure::because("read the table of mounts", &error))?;
        output.show(&Lenders(table.lines().filter_map(lender).collect()))
    }
}

/// What a line of the table of mounts says, if it is a bpf file system that lends something.
fn lender(line: &str) -> Option<Lender> {
    let mut words = line.split(' ');
    let (place, kind, options) = (words.nth(1)?, words.next()?, words.next()?);
    let lent = |name: &str| -> Vec<String> {
        let value = options.split(',').find_map(|option| option.strip_prefix(name));
        let names = value.unwrap_or_default().split(':').filter(|name| !name.is_empty());
        names.map(str::to_owned).collect()
    };
    let lender = Lender {
        token_info: place.replace("\\040", " ").into(),
        allowed_cmds: lent("delegate_cmds="),
        allowed_maps: lent("delegate_maps="),
        allowed_progs: lent("delegate_progs="),
        allowed_attachs: lent("delegate_attachs="),
    };
    let lends = !lender.allowed_cmds.is_empty()
        || !lender.allowed_maps.is_empty()
        || !lender.allowed_progs.is_empty()
        || !lender.allowed_attachs.is_empty();
    (kind == "bpf" && lends).then_some(lender)
}

impl Report for Lenders {
    fn text(&self, page: &Page) -> String {
        if self.0.is_empty() {
            return "no bpf file system lends rights (mount option delegate_cmds= and others)\n"
                .to_owned();
        }
        let mut table =
            Table::new(page, &["file system", "commands", "maps", "programs", "attach types"]);
        for lender in &self.0 {
            table.row([
                lender.token_info.display().to_string(),
                lender.allowed_cmds.join(" "),
                lender.allowed_maps.join(" "),
                lender.allowed_progs.join(" "),
                lender.allowed_attachs.join(" "),
            ]);
        }
        table.plain()
    }
}

#[cfg(test)]
mod tests {
    use super::lender;

    #[test]
    fn lenders_are_found_among_mounts() {
        let line =
            "none /run/my\\040bpf bpf rw,delegate_cmds=prog_load:map_create,delegate_progs=any 0 0";
        let found = lender(line).unwrap();
        assert_eq!(found.token_info.to_str(), Some("/run/my bpf"));
        assert_eq!(found.allowed_cmds, ["prog_load", "map_create"]);
        assert_eq!(found.allowed_progs, ["any"]);
        assert_eq!(lender("bpf /sys/fs/bpf bpf rw,relatime 0 0"), None);
        assert_eq!(lender("x /y tmpfs rw,delegate_cmds=any 0 0"), None);
    }
}
