//! What a library says to an object.

use std::{path::Path, process::Command, time::Duration};

use anyhow::Result;
use serde_json::Value;

use crate::command::{self, End};

/// Who loads.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Library {
    Libbpf,
    Osmia,
}

/// What became of an object, or of one of its programs alone.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub(crate) program: Option<String>,
    pub(crate) opened: bool,
    pub(crate) loaded: bool,
    pub(crate) why: String,
}

/// Asks in a process of its own, which may crash or hang.
pub(crate) fn ask(
    program: &Path,
    library: Library,
    object: &Path,
    pins: &Path,
    each: bool,
    limit: Duration,
) -> Result<Vec<Verdict>> {
    let mut command = Command::new(program);
    command.arg(match library {
        Library::Libbpf => "libbpf",
        Library::Osmia => "osmia",
    });
    command.arg(object).arg(pins).args(each.then_some("each"));
    let mut verdicts = Vec::new();
    let end = command::watch(&mut command, limit, |line| verdicts.extend(read(line)))?;
    let cut_off = match end {
        End::Exited(status) if status.success() => return Ok(verdicts),
        End::Exited(status) => format!("the loader crashed: {status}"),
        End::TimedOut => format!("the loader hung for {} s", limit.as_secs()),
    };
    if verdicts.is_empty() {
        verdicts.push(Verdict { program: None, opened: false, loaded: false, why: cut_off });
    }
    Ok(verdicts)
}

/// The verdict in a line of JSON.
pub(crate) fn read(line: &str) -> Option<Verdict> {
    let value: Value = serde_json::from_str(line).ok()?;
    let text = |name| value.get(name)?.as_str().map(str::to_owned);
    Some(Verdict {
        program: text("program"),
        opened: value.get("opened")?.as_bool()?,
        loaded: value.get("loaded")?.as_bool()?,
        why: text("why").unwrap_or_default(),
    })
}
