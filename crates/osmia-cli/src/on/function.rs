//! What is attached to a kernel function or tracepoint.

use std::collections::HashMap;

use osmia_abi::{LinkType, TaskFdType};
use osmia_btf::{Btf, TypeId};
use serde::Serialize;
use serde_json::Value;

use crate::attached::ProgramNames;
use crate::failure::Failure;
use crate::link::place::{self, Place};
use crate::output::Output;
use crate::perf::{self, Found};
use crate::report::{Page, Report};
use crate::select::links;
use crate::selector::refused;
use crate::symbols::Symbols;
use crate::table::{Column, fitted};
use crate::token;

#[derive(Serialize)]
#[serde(transparent)]
struct OnFunction(Vec<Row>);

#[derive(Serialize)]
struct Row {
    /// When it runs, with smaller numbers first.
    #[serde(skip)]
    order: usize,
    runs: String,
    prog_id: u32,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    link_id: Option<u32>,
    /// The process and its descriptor that hold it there, where no link does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fd: Option<u32>,
}

/// When programs of links run, relative to each other.
const ORDER: [&str; 14] = [
    "trace_fentry",
    "trace_fentry_multi",
    "trace_fsession",
    "trace_fsession_multi",
    "kprobe",
    "kprobe (of many)",
    "modify_return",
    "lsm_mac",
    "kretprobe",
    "kretprobe (of many)",
    "trace_fexit",
    "trace_fexit_multi",
    "trace_raw_tp",
    "raw tracepoint",
];

/// Shows the programs that run at a function or tracepoint of this name.
///
/// # Errors
/// There is no such function, or the kernel does not tell.
pub fn run(name: &str, output: &mut Output) -> Result<(), Failure> {
    let bpf = token::bpf()?;
    let (mut symbols, mut names) = (None, ProgramNames::new(&bpf));
    let mut types = Types::default();
    let mut rows = Vec::new();
    for link in links::all(&bpf)? {
        let id = link.info.id;
        let place = place::of(&bpf, &link, &mut symbols)
            .map_err(|errno| refused(format!("ask about link {id}"), errno))?;
        if let Some(runs) = at(&mut types, link.info.type_, &place, name) {
            let order = order(&runs);
            let prog_id = link.info.prog_id;
            let name = names.of(prog_id);
            rows.push(Row { order, runs, prog_id, name, link_id: Some(id), pid: None, fd: None });
        }
    }
    for found in perf::on_events(&bpf)? {
        let prog_id = found.told.prog_id;
        // Links have events of their own, which processes may have open as well.
        let is_known = rows.iter().any(|row| row.prog_id == prog_id && row.link_id.is_some());
        if let Some(runs) = of_event(&found, name).filter(|_| !is_known) {
            let (order, name) = (order(runs), names.of(prog_id));
            let (pid, fd) = (Some(found.pid), Some(found.fd));
            rows.push(Row { order, runs: runs.to_owned(), prog_id, name, link_id: None, pid, fd });
        }
    }
    if rows.is_empty() {
        known(name)?;
    }
    rows.sort_by_key(|row| (row.order, row.link_id.is_none(), row.link_id, row.prog_id));
    output.show(&OnFunction(rows))
}

fn order(runs: &str) -> usize {
    ORDER.iter().position(|known| *known == runs).unwrap_or(ORDER.len())
}

/// How a program on an event of its own runs at the function or tracepoint, if it does.
fn of_event(found: &Found, name: &str) -> Option<&'static str> {
    let at_start = found.name == name && found.told.offset == 0;
    match found.told.fd_type {
        TaskFdType::KPROBE => at_start.then_some("kprobe"),
        TaskFdType::KRETPROBE => at_start.then_some("kretprobe"),
        TaskFdType::TRACEPOINT => {
            (found.name == name.rsplit([':', '/']).next()?).then_some("tracepoint")
        }
        _ => None,
    }
}

/// How a link's program runs at the function or tracepoint, if it does.
fn at(types: &mut Types, link_type: LinkType, place: &Place, name: &str) -> Option<String> {
    let text = |key: &str| place.fields.get(key).and_then(Value::as_str);
    let number = |key: &str| {
        let number = place.fields.get(key).and_then(Value::as_u64);
        number.and_then(|number| u32::try_from(number).ok())
    };
    let returns = place.fields.get("retprobe") == Some(&Value::Bool(true));
    let probe = if returns { "kretprobe" } else { "kprobe" };
    // Tracepoints are told with or without their category.
    let is_it = |found: &str| found == name || found.rsplit([':', '/']).next() == Some(name);
    match link_type {
        LinkType::RAW_TRACEPOINT => {
            text("tp_name").filter(|found| *found == name).map(|_| "raw tracepoint".into())
        }
        LinkType::TRACING => {
            let target = types.name(number("target_obj_id")?, number("target_btf_id")?)?;
            let bare = ["btf_trace_", "bpf_lsm_"];
            let same =
                target == name || bare.iter().any(|start| target.strip_prefix(start) == Some(name));
            same.then(|| text("attach_type").unwrap_or("tracing").to_owned())
        }
        LinkType::PERF_EVENT => {
            let function = text("func").is_some_and(|found| found == name);
            let tracepoint = text("tracepoint").is_some_and(is_it);
            if function {
                Some(probe.to_owned())
            } else {
                tracepoint.then(|| "tracepoint".to_owned())
            }
        }
        LinkType::KPROBE_MULTI | LinkType::TRACING_MULTI => {
            let functions = place.fields.get("funcs").and_then(Value::as_array)?;
            let is_it = |found: &Value| found.get("func").and_then(Value::as_str) == Some(name);
            functions.iter().any(is_it).then(|| match link_type {
                LinkType::KPROBE_MULTI => format!("{probe} (of many)"),
                // Its name says that it is of many.
                _ => text("attach_type").unwrap_or("tracing").to_owned(),
            })
        }
        _ => None,
    }
}

/// That there is such a function or tracepoint, on which nothing runs.
fn known(name: &str) -> Result<(), Failure> {
    let kernel = osmia::Kernel::running()?;
    let is_function = Symbols::read().address(name).is_some();
    let is_tracepoint = || {
        let short = name.rsplit([':', '/']).next().unwrap_or(name);
        kernel.probes(&format!("tracepoint:*:{short}")).is_ok_and(|found| !found.is_empty())
            || kernel.probes(&format!("raw_tp:{name}")).is_ok_and(|found| !found.is_empty())
            || kernel.probes(&format!("lsm:{name}")).is_ok_and(|found| !found.is_empty())
    };
    if is_function || is_tracepoint() {
        return Ok(());
    }
    Err(Failure::not_found(format!(
        "{name} is neither an interface nor a function or tracepoint of this kernel; `osmia probe list \
         '*{name}*'` shows those that are called like it"
    )))
}

/// Types that programs were attached to, each BTF read once.
#[derive(Default)]
struct Types(HashMap<u32, Option<Btf>>);

impl Types {
    fn name(&mut self, object: u32, id: u32) -> Option<&str> {
        let btf = self.0.entry(object).or_insert_with(|| crate::btf::source::of_id(object).ok());
        btf.as_ref()?.ty(TypeId(id)).ok().map(|ty| ty.name())
    }
}

impl Report for OnFunction {
    fn text(&self, page: &Page) -> String {
        if self.0.is_empty() {
            return "no programs\n".to_owned();
        }
        let cells = |row: &Row| {
            vec![
                row.runs.clone(),
                row.prog_id.to_string(),
                row.name.clone(),
                row.link_id.map_or_else(String::new, |id| id.to_string()),
                row.pid.map_or_else(String::new, |pid| format!("process {pid}")),
            ]
        };
        let rows: Vec<Vec<String>> = self.0.iter().map(cells).collect();
        fitted(page, &COLUMNS, &rows).plain()
    }
}

const COLUMNS: [Column; 5] = [
    Column::text("runs as", 0),
    Column::number("program", 0),
    Column::text("name", 0),
    Column::number("link", 0),
    Column::text("held by", 1),
];
