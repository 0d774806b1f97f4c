//! What is attached to a kernel function or tracepoint.

use std::collections::HashMap;

use osmia_abi::LinkType;
use osmia_btf::{Btf, TypeId};
use osmia_sys::Bpf;
use serde::Serialize;
use serde_json::Value;

use crate::attached::ProgramNames;
use crate::failure::Failure;
use crate::link::place::{self, Place};
use crate::output::Output;
use crate::report::{Page, Report};
use crate::select::links;
use crate::selector::refused;
use crate::symbols::Symbols;
use crate::table::Table;

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
    link_id: u32,
}

/// When programs of links run, relative to each other.
const ORDER: [&str; 11] = [
    "trace_fentry",
    "trace_fsession",
    "kprobe",
    "kprobe (of many)",
    "modify_return",
    "lsm_mac",
    "kretprobe",
    "kretprobe (of many)",
    "trace_fexit",
    "trace_raw_tp",
    "raw tracepoint",
];

/// Shows the programs that run at a function or tracepoint of this name.
///
/// # Errors
/// There is no such function, or the kernel does not tell.
pub fn run(name: &str, output: &mut Output) -> Result<(), Failure> {
    let bpf = Bpf::kernel();
    let (mut symbols, mut names) = (None, ProgramNames::new(&bpf));
    let mut types = Types::default();
    let mut rows = Vec::new();
    for link in links::all(&bpf)? {
        let id = link.info.id;
        let place = place::of(&bpf, &link, &mut symbols)
            .map_err(|errno| refused(format!("ask about link {id}"), errno))?;
        if let Some(runs) = at(&mut types, link.info.type_, &place, name) {
            let order = ORDER.iter().position(|known| *known == runs).unwrap_or(ORDER.len());
            let prog_id = link.info.prog_id;
            rows.push(Row { order, runs, prog_id, name: names.of(prog_id), link_id: id });
        }
    }
    if rows.is_empty() {
        known(name)?;
    }
    rows.sort_by_key(|row| (row.order, row.link_id));
    output.show(&OnFunction(rows))
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
        LinkType::KPROBE_MULTI => {
            let functions = place.fields.get("funcs").and_then(Value::as_array)?;
            let is_it = |found: &Value| found.get("func").and_then(Value::as_str) == Some(name);
            functions.iter().any(is_it).then(|| format!("{probe} (of many)"))
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
        let mut table = Table::new(page, &["runs as", "program", "name", "link"]).numbers(&[1, 3]);
        for row in &self.0 {
            table.row([
                row.runs.clone(),
                row.prog_id.to_string(),
                row.name.clone(),
                row.link_id.to_string(),
            ]);
        }
        table.plain()
    }
}
