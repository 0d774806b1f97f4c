//! Tracepoints.

use std::path::Path;

use crate::error::Error;
use crate::kernel::Kernel;
use crate::kernel::files::Files;
use crate::link::pattern::fits;
use crate::probes::{Probe, ProbeKind};
use crate::tracefs;

/// The tracepoints that fit `category/name`, `category:name`, or by their names alone.
pub(super) fn matching(kernel: &Kernel, pattern: &str) -> Result<Vec<Probe>, Error> {
    let events = tracefs::directory(kernel)?.join("events");
    let (categories, names) = pattern.split_once(['/', ':']).unwrap_or(("*", pattern));
    let mut found = Vec::new();
    for category in Files::names(&events) {
        // BPF programs cannot be attached to what ftrace itself prints.
        if category == "ftrace" || !fits(categories, &category) {
            continue;
        }
        let directory = events.join(&category);
        for name in Files::names(&directory) {
            if fits(names, &name) && directory.join(&name).join("id").exists() {
                let fields = fields(&directory.join(&name).join("format"));
                let name = format!("{category}/{name}");
                found.push(Probe { fields, ..Probe::new(ProbeKind::Tracepoint, name) });
            }
        }
    }
    Ok(found)
}

/// The fields of a tracepoint in C; none if they may not be read.
fn fields(format: &Path) -> Vec<String> {
    std::fs::read_to_string(format).map(|text| parse(&text)).unwrap_or_default()
}

/// The fields behind those that all tracepoints have.
fn parse(format: &str) -> Vec<String> {
    let fields = format.lines().filter_map(|line| {
        let field = line.trim().strip_prefix("field:")?.split(';').next()?;
        (!field.contains(" common_")).then(|| field.trim().to_owned())
    });
    fields.collect()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn fields_are_read() {
        let format = "name: sys_enter_close\nID: 700\nformat:\n\
            \tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\n\
            \tfield:int __syscall_nr;\toffset:8;\tsize:4;\tsigned:1;\n\
            \tfield:unsigned int fd;\toffset:16;\tsize:8;\tsigned:0;\n\nprint fmt: \"fd\"\n";
        assert_eq!(parse(format), ["int __syscall_nr", "unsigned int fd"]);
    }
}
