//! Functions of the kernel.

use std::collections::HashSet;

use osmia_btf::Kind;

use crate::error::Error;
use crate::kernel::Kernel;
use crate::link::pattern::fits;
use crate::probes::{Probe, ProbeKind, each_type, prototype};
use crate::tracefs;

/// Functions with their modules.
type Functions = Vec<(String, Option<String>)>;

/// The functions that can be traced, where the kernel lists them.
fn traceable(kernel: &Kernel) -> Option<String> {
    let list = tracefs::directory(kernel).ok()?.join("available_filter_functions");
    std::fs::read_to_string(list).ok()
}

/// The kernel's functions that fit: those that can be traced where it tells them, or else all.
fn named(kernel: &Kernel, pattern: &str) -> Result<Functions, Error> {
    let of = |name: &str, module: Option<&str>| {
        let module = module.map(|module| module.trim_matches(['[', ']']).to_owned());
        (name.to_owned(), module)
    };
    if let Some(list) = traceable(kernel) {
        let lines = list.lines().filter_map(|line| {
            let mut words = line.split_ascii_whitespace();
            Some((words.next()?, words.next()))
        });
        let real = |name: &str| !name.starts_with("__ftrace_invalid_address__");
        let fit = lines.filter(|(name, _)| real(name) && fits(pattern, name));
        return Ok(fit.map(|(name, module)| of(name, module)).collect());
    }
    let symbols = kernel.files().read("/proc/kallsyms").map_err(|error| {
        Error::not_found(
            "the kernel lists neither the functions that can be traced nor its symbols",
        )
        .caused_by(error)
    })?;
    let functions = symbols.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let (_, kind, name) = (words.next()?, words.next()?, words.next()?);
        matches!(kind, "t" | "T" | "w" | "W").then_some((name, words.next()))
    });
    // What the compiler made of functions, and padding, is not for probes.
    let real = |name: &str| !name.contains('.') && !name.starts_with("__pfx_");
    let fit = functions.filter(|(name, _)| real(name) && fits(pattern, name));
    Ok(fit.map(|(name, module)| of(name, module)).collect())
}

/// The start of functions.
pub(super) fn kprobes(kernel: &Kernel, pattern: &str) -> Result<Vec<Probe>, Error> {
    let found = named(kernel, pattern)?;
    let probe = |(name, place): (String, Option<String>)| {
        let known = place.is_none().then(|| kernel.btf().ok()).flatten();
        let prototype = known.and_then(|btf| {
            let ty = btf.find(Kind::Func, &name).ok()??;
            prototype(btf, ty.id(), "")
        });
        Probe { place, prototype, ..Probe::new(ProbeKind::Kprobe, name) }
    };
    Ok(found.into_iter().map(probe).collect())
}

/// The functions whose types are known, of the kernel and of its modules.
pub(super) fn fentries(kernel: &Kernel, pattern: &str) -> Result<Vec<Probe>, Error> {
    let list = traceable(kernel);
    let traceable: Option<HashSet<&str>> = list
        .as_deref()
        .map(|list| list.lines().filter_map(|line| line.split_ascii_whitespace().next()).collect());
    let mut found = Vec::new();
    let modules = kernel.modules().targets;
    let modules = modules.iter().map(|module| (Some(module.name()), module.btf()));
    for (place, btf) in std::iter::once((None, kernel.own_btf()?)).chain(modules) {
        each_type(btf, Kind::Func, "", pattern, |name, id| {
            if traceable.as_ref().is_none_or(|names| names.contains(name)) {
                let prototype = prototype(btf, id, "");
                let place = place.map(str::to_owned);
                found.push(Probe { place, prototype, ..Probe::new(ProbeKind::Fentry, name) });
            }
        })?;
    }
    Ok(found)
}
