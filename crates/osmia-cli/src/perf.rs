//! `osmia perf`: programs on perf events and raw tracepoints.

use std::fs;
use std::path::Path;

use clap::{Args, Subcommand};
use osmia_abi::TaskFdType;
use osmia_sys::{Bpf, ENOTSUPP, Errno, TaskFd};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::output::Output;
use crate::report::{Page, Report};
use crate::select::names::Names;
use crate::select::progs::Prog;
use crate::select::text;
use crate::selector::refused;
use crate::table::Table;
use crate::token;

// `osmia perf`.
#[derive(Args)]
#[command(infer_subcommands = true, disable_help_subcommand = true)]
pub struct Perf {
    #[command(subcommand)]
    verb: Option<PerfVerb>,
}

#[derive(Subcommand)]
#[command(defer = true)]
enum PerfVerb {
    /// List which process has which program on which event
    #[command(visible_alias = "list", aliases = ["s", "l"])]
    Show,
}

impl Perf {
    /// Lists them.
    ///
    /// # Errors
    /// The kernel does not tell: it takes `CAP_SYS_ADMIN`.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        match &self.verb {
            None | Some(PerfVerb::Show) => show(output),
        }
    }
}

fn show(output: &mut Output) -> Result<(), Failure> {
    let bpf = token::bpf()?;
    let mut names = Names::default();
    let all = programs(&bpf, |kind| kind == EVENT || kind.starts_with("bpf"))?;
    output.show(&List(all.into_iter().map(|found| Row::new(&bpf, &mut names, found)).collect()))
}

/// What procfs calls a descriptor of a perf event.
const EVENT: &str = "[perf_event]";

/// A descriptor of a process that has a program on an event.
pub struct Found {
    /// The process.
    pub pid: u32,
    /// The descriptor.
    pub fd: u32,
    /// What the kernel tells of it.
    pub told: TaskFd,
    /// The tracepoint, function or file.
    pub name: String,
}

/// The programs on events that processes have open, by the processes' numbers.
///
/// # Errors
/// The kernel does not tell: it takes `CAP_SYS_ADMIN`.
pub fn on_events(bpf: &Bpf) -> Result<Vec<Found>, Failure> {
    programs(bpf, |kind| kind == EVENT)
}

fn programs(bpf: &Bpf, is_meant: impl Fn(&str) -> bool) -> Result<Vec<Found>, Failure> {
    let mut all = Vec::new();
    let mut pids: Vec<u32> = numbers(Path::new("/proc")).collect();
    pids.sort_unstable();
    for pid in pids {
        let root = Path::new("/proc").join(pid.to_string());
        let mut fds: Vec<u32> = numbers(&root.join("fd")).collect();
        fds.sort_unstable();
        for fd in fds.into_iter().filter(|fd| kind(&root, *fd).is_some_and(|kind| is_meant(&kind)))
        {
            let mut name = [0; 4097];
            match bpf.task_fd_query(pid, fd, &mut name) {
                Ok(told) => all.push(Found { pid, fd, told, name: text(&name) }),
                // It is something else, or has gone since.
                Err(ENOTSUPP | Errno::OPNOTSUPP | Errno::NOENT | Errno::BADF | Errno::INVAL) => {}
                Err(errno) => {
                    return Err(refused(format!("ask about descriptor {fd} of {pid}"), errno));
                }
            }
        }
    }
    Ok(all)
}

/// What a descriptor is of, where it is of no file.
fn kind(root: &Path, fd: u32) -> Option<String> {
    let target = fs::read_link(root.join("fd").join(fd.to_string())).ok()?;
    Some(target.to_str()?.strip_prefix("anon_inode:")?.to_owned())
}

/// The names in a directory that are numbers.
fn numbers(directory: &Path) -> impl Iterator<Item = u32> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

#[derive(Serialize)]
#[serde(transparent)]
struct List(Vec<Row>);

/// A descriptor, under the names that bpftool has in its JSON.
#[derive(Serialize)]
struct Row {
    pid: u32,
    fd: u32,
    prog_id: u32,
    fd_type: Value,
    #[serde(flatten)]
    fields: Map<String, Value>,
    #[serde(skip)]
    place: String,
    #[serde(skip)]
    program: String,
}

impl Row {
    fn new(bpf: &Bpf, names: &mut Names, found: Found) -> Self {
        let Found { pid, fd, told, name } = found;
        let (fields, place) = match told.fd_type {
            TaskFdType::RAW_TRACEPOINT | TaskFdType::TRACEPOINT => {
                (json!({ "tracepoint": name }), name)
            }
            TaskFdType::UPROBE | TaskFdType::URETPROBE => {
                let place = format!("{name}+{:#x}", told.offset);
                (json!({ "filename": name, "offset": told.offset }), place)
            }
            _ if name.is_empty() => (json!({ "addr": told.addr }), format!("{:#x}", told.addr)),
            _ => {
                let place = match told.offset {
                    0 => name.clone(),
                    offset => format!("{name}+{offset:#x}"),
                };
                (json!({ "func": name, "offset": told.offset }), place)
            }
        };
        let fields = match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        let prog = bpf.prog_by_id(told.prog_id).and_then(|fd| Prog::ask(bpf, fd));
        Self {
            pid,
            fd,
            prog_id: told.prog_id,
            fd_type: told.fd_type.name().map_or(told.fd_type.0.into(), Into::into),
            fields,
            place,
            program: prog.map(|prog| names.of(bpf, &prog)).unwrap_or_default(),
        }
    }
}

impl Report for List {
    fn text(&self, page: &Page) -> String {
        if self.0.is_empty() {
            return "no programs\n".to_owned();
        }
        let heads = ["pid", "fd", "prog", "name", "kind", "event"];
        let mut table = Table::new(page, &heads).numbers(&[0, 1, 2]);
        for row in &self.0 {
            table.row([
                row.pid.to_string(),
                row.fd.to_string(),
                row.prog_id.to_string(),
                row.program.clone(),
                row.fd_type.as_str().map_or_else(|| row.fd_type.to_string(), str::to_owned),
                row.place.clone(),
            ]);
        }
        table.plain()
    }
}
