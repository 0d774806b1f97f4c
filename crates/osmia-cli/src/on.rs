//! `osmia on`: what is here, by thing instead of by object.

mod cgroup;
mod function;
mod process;

use std::path::Path;

use clap::Args;
use osmia_sys::{KernelFs, Netlink};
use serde::Serialize;
use serde_json::Value;

use crate::failure::Failure;
use crate::net::hooks::{Hook, Scan};
use crate::net::list;
use crate::netns_choice::NetnsChoice;
use crate::output::Output;
use crate::report::{Page, Report};
use crate::words::Words;

// The arguments of `osmia on`.
#[derive(Args)]
#[command(
    after_help = "The first word may say what is meant, where a name alone would not: dev, cgroup, function, pid.

Examples:
  osmia on eth0                          XDP, tcx, tc, netkit, in their order
  osmia on /sys/fs/cgroup/system.slice   with what it inherits, and from where
  osmia on tcp_connect                   fentry, kprobe, ... of a function
  osmia on sched_switch                  a tracepoint
  osmia on 123                           what a process holds"
)]
pub struct On {
    /// An interface, the directory of a cgroup, a function or tracepoint, or a process by its number
    #[arg(required = true, value_name = "THING")]
    words: Vec<String>,
    #[command(flatten)]
    netns: NetnsChoice,
}

#[derive(Serialize)]
#[serde(transparent)]
struct OnInterface {
    rows: Vec<Value>,
    #[serde(skip)]
    hooks: Vec<Hook>,
}

impl On {
    /// Tells it.
    ///
    /// # Errors
    /// There is no such thing, or the kernel does not tell.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        self.netns.enter()?;
        let mut words = Words::new(&self.words);
        let first = words.next("a thing")?;
        match (first, words.is_empty()) {
            ("dev", false) => on_interface(words.next("the interface")?, output),
            ("cgroup", false) => cgroup::run(Path::new(words.next("the directory")?), output),
            ("function", false) => function::run(words.next("the function")?, output),
            ("pid", false) => {
                let pid = words.number("the number of a process")?;
                let pid = u32::try_from(pid).map_err(|_| Failure::usage("that is too large"))?;
                process::run(pid, output)
            }
            (_, false) => Err(Failure::usage(format!(
                "`{first}` is neither dev, cgroup, function nor pid, behind which a thing is named"
            ))),
            (thing, true) => by_itself(thing, output),
        }
    }
}

/// What is meant by a word alone.
fn by_itself(thing: &str, output: &mut Output) -> Result<(), Failure> {
    let path = Path::new(thing);
    if thing.contains('/') && path.is_dir() {
        return match KernelFs::Cgroup2.holds(path) {
            Ok(true) => cgroup::run(path, output),
            _ => Err(Failure::usage(format!("{thing} is a directory, but of no cgroup"))),
        };
    }
    if thing.starts_with('/') && !path.exists() {
        return Err(Failure::not_found(format!("there is no directory {thing}")));
    }
    let is_interface = Netlink::open().and_then(|net| net.index_of(thing)).is_ok();
    match thing.parse() {
        _ if is_interface => on_interface(thing, output),
        // No function has such a name.
        Ok(pid) => process::run(pid, output),
        Err(_) => function::run(thing, output),
    }
}

fn on_interface(name: &str, output: &mut Output) -> Result<(), Failure> {
    let mut scan = Scan::new()?;
    let mut hooks = Vec::new();
    for interface in scan.interfaces(Some(name))? {
        hooks.extend(scan.interface(&interface)?);
    }
    let rows = hooks.iter().map(|hook| {
        let mut row = hook.json();
        if let Some(row) = row.as_object_mut() {
            row.shift_insert(0, "place".to_owned(), hook.point.text().into());
        }
        row
    });
    output.show(&OnInterface { rows: rows.collect(), hooks })
}

impl Report for OnInterface {
    fn text(&self, page: &Page) -> String {
        list::table(page, &self.hooks)
    }
}
