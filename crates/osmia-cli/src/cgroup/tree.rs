//! `osmia cgroup tree`: all cgroups with programs.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use osmia_sys::KernelFs;
use serde::Serialize;

use crate::attached::ProgramNames;
use crate::cgroup::programs::{self, Row};
use crate::cgroup::show::effective;
use crate::failure::Failure;
use crate::output::Output;
use crate::report::{Page, Report};
use crate::table::Table;
use crate::token;

/// More cgroups than this are not looked at.
const MOST: usize = 1_000_000;

// The arguments of `osmia cgroup tree`.
#[derive(Args, Default)]
#[command(after_help = "A cgroup that cannot be looked at is told of and passed over. Examples:
  osmia cgroup tree
  osmia cgroup tree /sys/fs/cgroup/kubepods.slice effective")]
pub struct Tree {
    /// The topmost cgroup, and `effective` to show inherited programs
    #[arg(value_name = "CGROUP] [effective")]
    words: Vec<String>,
}

/// The cgroups with programs, under the names that bpftool has in its JSON.
#[derive(Serialize)]
#[serde(transparent)]
struct Forest {
    nodes: Vec<Node>,
}

/// A cgroup with programs, or one that did not tell them.
#[derive(Serialize)]
struct Node {
    cgroup: PathBuf,
    programs: Vec<Row>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Tree {
    /// Shows them.
    ///
    /// # Errors
    /// There are no cgroups.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let (root, effective) = match self.words.split_first() {
            Some((first, [])) if "effective".starts_with(first.as_str()) => (None, true),
            Some((root, rest)) => (Some(PathBuf::from(root)), effective(rest)?),
            None => (None, false),
        };
        let root = match root {
            Some(root) => root,
            None => KernelFs::Cgroup2.find().map_err(|errno| {
                let what = "find the cgroup2 file system, without which no cgroup runs programs";
                Failure::because(what, &errno)
                    .with_hint("`mount -t cgroup2 none /sys/fs/cgroup` mounts it")
            })?,
        };
        programs::open(&root)?;
        let bpf = token::bpf()?;
        let mut names = ProgramNames::new(&bpf);
        let mut nodes = Vec::new();
        for cgroup in cgroups(&root) {
            let (programs, error) = match programs::of(&bpf, &cgroup, effective, &mut names) {
                Ok(programs) => (programs, None),
                // It went away since.
                Err(_) if !cgroup.exists() => continue,
                Err(failure) => (Vec::new(), Some(failure.message())),
            };
            if !programs.is_empty() || error.is_some() {
                nodes.push(Node { cgroup, programs, error });
            }
        }
        output.show(&Forest { nodes })
    }
}

/// The cgroups from this one on down, each in front of those within it.
fn cgroups(root: &Path) -> Vec<PathBuf> {
    let (mut found, mut left) = (Vec::new(), vec![root.to_owned()]);
    while let Some(directory) = left.pop() {
        // One that went away or may not be read has nothing within it for us.
        let entries = fs::read_dir(&directory).into_iter().flatten().flatten();
        let within = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let mut within: Vec<PathBuf> = within.map(|entry| entry.path()).collect();
        within.sort_by(|left, right| right.cmp(left));
        left.extend(within);
        found.push(directory);
        if found.len() == MOST {
            break;
        }
    }
    found
}

impl Report for Forest {
    fn text(&self, page: &Page) -> String {
        if self.nodes.is_empty() {
            return "no programs\n".to_owned();
        }
        let mut table =
            Table::new(page, &["cgroup", "id", "name", "attach type", "flags"]).numbers(&[1]);
        for node in &self.nodes {
            let mut path = node.cgroup.display().to_string();
            if let Some(error) = &node.error {
                table.row([std::mem::take(&mut path), String::new(), error.clone()]);
            }
            for row in &node.programs {
                table.row([
                    std::mem::take(&mut path),
                    row.id.to_string(),
                    row.name.clone(),
                    row.attach_type.clone(),
                    row.attach_flags.clone().unwrap_or_default(),
                ]);
            }
        }
        table.plain()
    }
}
