//! Places in programs and libraries.

use std::path::PathBuf;

use crate::error::Error;
use crate::kernel::Kernel;
use crate::link::executable::Executable;
use crate::link::pattern::fits;
use crate::link::{library, usdt};
use crate::probes::{Probe, ProbeKind};

/// Functions: `PATH:PATTERN`, where a library may be named without its path.
pub(super) fn functions(kernel: &Kernel, pattern: &str) -> Result<Vec<Probe>, Error> {
    let (path, pattern) = taken_apart(kernel, pattern)?;
    let executable = Executable::open(&path)?;
    let mut names = executable.names()?;
    names.retain(|name| fits(pattern, name));
    let place = Some(path.display().to_string());
    let probe = |name: &str| Probe { place: place.clone(), ..Probe::new(ProbeKind::Uprobe, name) };
    Ok(names.into_iter().map(probe).collect())
}

/// Marks: `PATH:PATTERN`, of which the pattern may have a provider, `libc:malloc*`.
pub(super) fn marks(kernel: &Kernel, pattern: &str) -> Result<Vec<Probe>, Error> {
    let (path, pattern) = taken_apart(kernel, pattern)?;
    let place = Some(path.display().to_string());
    let mut found = Vec::new();
    for mark in usdt::read(&path)?.probes {
        let name = format!("{}:{}", mark.provider, mark.name);
        if fits(pattern, &name) || fits(pattern, &mark.name) {
            let fields = osmia_object::usdt::split(&mark.arguments).map(str::to_owned).collect();
            found.push(Probe { place: place.clone(), fields, ..Probe::new(ProbeKind::Usdt, name) });
        }
    }
    Ok(found)
}

fn taken_apart<'p>(kernel: &Kernel, pattern: &'p str) -> Result<(PathBuf, &'p str), Error> {
    let (path, pattern) = pattern.split_once(':').unwrap_or((pattern, "*"));
    if path.is_empty() {
        return Err(Error::invalid(
            "a program or library is missing: `uprobe:/bin/bash:readline*`",
        ));
    }
    Ok((library::find(kernel, path)?, pattern))
}
