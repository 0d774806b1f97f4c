//! What a process holds.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use osmia_sys::{Bpf, FdKind};
use serde::Serialize;

use crate::attached::ProgramNames;
use crate::failure::Failure;
use crate::link::place;
use crate::output::Output;
use crate::report::{Page, Report};
use crate::select::{links, maps};
use crate::selector::Selector;
use crate::table::Table;
use crate::token;

/// Room for the name of a tracepoint, function or file.
const NAME: usize = 4097;

#[derive(Serialize)]
#[serde(transparent)]
struct OnProcess(Vec<Row>);

/// A descriptor of the process.
#[derive(Serialize)]
struct Row {
    fd: u32,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u32>,
    name: String,
    /// What a link or event is attached to.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
}

/// Shows the BPF objects that a process has open.
///
/// # Errors
/// There is no such process, or it may not be looked into.
pub fn run(pid: u32, output: &mut Output) -> Result<(), Failure> {
    let root = Path::new("/proc").join(pid.to_string());
    let entries = fs::read_dir(root.join("fd")).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Failure::not_found(format!("there is no process {pid}")),
        _ => Failure::because(format!("look into process {pid}"), &error),
    })?;
    let bpf = token::bpf()?;
    let mut names = ProgramNames::new(&bpf);
    let mut fds: Vec<u32> =
        entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
    fds.sort_unstable();
    let rows = fds.into_iter().filter_map(|fd| row(&bpf, &mut names, &root, pid, fd));
    output.show(&OnProcess(rows.collect()))
}

/// What a descriptor is of, if that is BPF's.
fn row(bpf: &Bpf, names: &mut ProgramNames, root: &Path, pid: u32, fd: u32) -> Option<Row> {
    let target = fs::read_link(root.join("fd").join(fd.to_string())).ok()?;
    let target = target.as_os_str().as_bytes();
    let told = || fs::read_to_string(root.join("fdinfo").join(fd.to_string())).unwrap_or_default();
    let id = |key: &str| -> Option<u32> {
        let told = told();
        told.lines().find_map(|line| line.strip_prefix(key))?.trim().parse().ok()
    };
    if target == b"anon_inode:[perf_event]" {
        return event(bpf, names, pid, fd);
    }
    Some(match FdKind::named(target)? {
        FdKind::Prog => {
            let id = id("prog_id:");
            let name = id.map(|id| names.of(id)).unwrap_or_default();
            Row { fd, kind: "program", id, name, to: None }
        }
        FdKind::Map => {
            let id = id("map_id:");
            let found = id.and_then(|id| maps::one(bpf, &Selector::Id(id)).ok());
            let name = found.map(|map| map.name()).unwrap_or_default();
            Row { fd, kind: "map", id, name, to: None }
        }
        FdKind::Link => {
            let id = id("link_id:");
            let found = id.and_then(|id| links::one(bpf, &Selector::Id(id)).ok());
            let name = found.as_ref().map(|link| names.of(link.info.prog_id)).unwrap_or_default();
            let to = found.and_then(|link| {
                let kind = link.info.type_.name().unwrap_or("link");
                let place = place::of(bpf, &link, &mut None).ok()?;
                Some(format!("{kind} {}", place.text).trim_end().to_owned())
            });
            Row { fd, kind: "link", id, name, to }
        }
        FdKind::Btf => Row { fd, kind: "BTF", id: id("btf_id:"), name: String::new(), to: None },
        FdKind::Iter => Row { fd, kind: "iterator", id: None, name: String::new(), to: None },
        FdKind::Token => Row { fd, kind: "token", id: None, name: String::new(), to: None },
        _ => return None,
    })
}

/// A perf event that runs a program.
fn event(bpf: &Bpf, names: &mut ProgramNames, pid: u32, fd: u32) -> Option<Row> {
    let mut name = vec![0; NAME];
    // Most events run none, which is an error.
    let found = bpf.task_fd_query(pid, fd, &mut name).ok()?;
    let place = crate::select::text(&name);
    let kind = found.fd_type.name().unwrap_or("event");
    let to = Some(format!("{kind} {place}").trim_end().to_owned());
    let id = Some(found.prog_id);
    Some(Row { fd, kind: "perf event", id, name: names.of(found.prog_id), to })
}

impl Report for OnProcess {
    fn text(&self, page: &Page) -> String {
        if self.0.is_empty() {
            return "nothing of BPF\n".to_owned();
        }
        let mut table =
            Table::new(page, &["fd", "what", "id", "name", "attached to"]).numbers(&[0, 2]);
        for row in &self.0 {
            table.row([
                row.fd.to_string(),
                row.kind.to_owned(),
                row.id.map_or_else(String::new, |id| id.to_string()),
                row.name.clone(),
                row.to.clone().unwrap_or_default(),
            ]);
        }
        table.plain()
    }
}
