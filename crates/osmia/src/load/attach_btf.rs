//! What a program attaches to, as a type of the kernel.

use std::os::fd::AsFd as _;

use osmia_abi::{AttachType, ProgType};
use osmia_btf::{Btf, Kind};
use osmia_object::ProgramSpec;
use osmia_sys::{AttachBtf, BtfFd};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::modules::ModuleTypes;
use crate::kernel::{Kernel, no_btf};
use crate::program::Program;
use osmia_btf::near::nearest;

/// Whether programs of this kind are verified for a place that BTF names.
fn has_btf_target(spec: &ProgramSpec, prog_type: ProgType) -> bool {
    match prog_type {
        ProgType::TRACING => !spec.attach_type.is_some_and(AttachType::is_for_many_functions),
        ProgType::LSM | ProgType::EXT => true,
        // A `lsm_cgroup` program has the LSM type, others none.
        _ => spec.attach_type == Some(AttachType::LSM_CGROUP),
    }
}

/// The type that a program attaches to.
#[derive(Debug, Default)]
pub(super) struct AttachPlace {
    /// Its id; 0 for programs of kinds that have none.
    pub(super) id: u32,
    /// The module's BTF that it is in, if it is not in the kernel's own.
    pub(super) module: Option<BtfFd>,
    /// The program that it is in, if it is in one.
    pub(super) program: Option<Program>,
    /// For a callback: the number of the struct's member that it stands for.
    pub(super) member: Option<u32>,
}

/// The name of the type of the kernel that a program attaches to; `None` if there is none, or a
/// module has it.
pub(super) fn target_name(spec: &ProgramSpec) -> Option<String> {
    let target = spec.attach_target.as_deref()?;
    let name = target.strip_prefix("vmlinux:").unwrap_or(target);
    let (prefix, ..) = place(spec.attach_type);
    let is_named = has_btf_target(spec, spec.prog_type?) && !name.contains(':');
    is_named.then(|| format!("{prefix}{name}"))
}

impl AttachPlace {
    /// Whose types the id is of.
    pub(super) fn btf(&self) -> AttachBtf<'_> {
        let program = self.program.as_ref().and_then(|program| program.fd().ok());
        match (program, &self.module) {
            (Some(fd), _) => AttachBtf::Prog(fd),
            (None, Some(fd)) => AttachBtf::Module(fd.as_fd()),
            (None, None) => AttachBtf::Kernel,
        }
    }
}

/// The type that the program attaches to: a function of the kernel, or if that has none of this name
/// of a module. `MODULE:FUNCTION` says which.
pub(super) fn find(
    kernel: &Kernel,
    spec: &ProgramSpec,
    prog_type: ProgType,
) -> Result<AttachPlace, Error> {
    if !has_btf_target(spec, prog_type) {
        return Ok(AttachPlace::default());
    }
    let Some(target) = spec.attach_target.as_deref() else {
        let section = &spec.section;
        return Err(Error::invalid(format!(
            "its section `{section}` does not say what to attach to, which this type is verified \
             for: SEC(\"{section}/NAME\")"
        )));
    };
    if prog_type == ProgType::EXT {
        return Err(Error::invalid(
            "freplace programs replace a function of another program, which `Loader::target` tells",
        ));
    }
    let (prefix, kind, noun) = place(spec.attach_type);
    match target.split_once(':') {
        Some(("vmlinux", name)) => in_kernel(kernel, kind, &format!("{prefix}{name}"))?
            .ok_or_else(|| absent(kernel, prefix, kind, noun, name, &ModuleTypes::default())),
        Some((module, name)) => {
            let btf = kernel.module_btf(module)?;
            let found = own(&btf, kind, &format!("{prefix}{name}"))?;
            let id = found.ok_or_else(|| {
                Error::not_found(format!("module `{module}` has no {noun} `{name}`"))
            })?;
            in_module(kernel, &module.replace('-', "_"), id)
        }
        None => anywhere(kernel, prefix, kind, noun, target),
    }
}

/// The function of a program that is loaded.
pub(super) fn in_program(spec: &ProgramSpec, target: &Program) -> Result<AttachPlace, Error> {
    let id = target.function_id(spec.attach_target.as_deref())?;
    Ok(AttachPlace { id, program: Some(target.clone()), ..AttachPlace::default() })
}

fn anywhere(
    kernel: &Kernel,
    prefix: &str,
    kind: Kind,
    noun: &str,
    target: &str,
) -> Result<AttachPlace, Error> {
    let name = format!("{prefix}{target}");
    if let Some(found) = in_kernel(kernel, kind, &name)? {
        return Ok(found);
    }
    let modules = kernel.modules();
    for module in &modules.targets {
        // What is broken in a module must not stop what has nothing to do with it.
        if let Ok(Some(id)) = own(module.btf(), kind, &name) {
            return in_module(kernel, module.name(), id);
        }
    }
    Err(absent(kernel, prefix, kind, noun, target, &modules))
}

fn in_kernel(kernel: &Kernel, kind: Kind, name: &str) -> Result<Option<AttachPlace>, Error> {
    let found = own(kernel.own_btf()?, kind, name)?;
    Ok(found.map(|id| AttachPlace { id, ..AttachPlace::default() }))
}

fn in_module(kernel: &Kernel, module: &str, id: u32) -> Result<AttachPlace, Error> {
    Ok(AttachPlace { id, module: Some(kernel.module_fd(module)?), ..AttachPlace::default() })
}

/// The id of a type that a BTF itself has.
fn own(btf: &Btf, kind: Kind, name: &str) -> Result<Option<u32>, Error> {
    let found = btf.find(kind, name).map_err(|error| {
        Error::new(ErrorKind::Malformed, "search the kernel's BTF").caused_by(error)
    })?;
    Ok(found.map(|ty| ty.id()).filter(|&id| id >= btf.first_own_id()).map(|id| id.0))
}

/// What a place's type is called in the kernel's BTF, of what kind it is, and how people call it.
fn place(attach_type: Option<AttachType>) -> (&'static str, Kind, &'static str) {
    match attach_type {
        Some(AttachType::TRACE_RAW_TP) => ("btf_trace_", Kind::Typedef, "tracepoint"),
        Some(AttachType::LSM_MAC | AttachType::LSM_CGROUP) => {
            ("bpf_lsm_", Kind::Func, "security hook")
        }
        Some(AttachType::TRACE_ITER) => ("bpf_iter_", Kind::Func, "iterator"),
        _ => ("", Kind::Func, "function"),
    }
}

#[cold]
fn absent(
    kernel: &Kernel,
    prefix: &str,
    kind: Kind,
    noun: &str,
    target: &str,
    modules: &ModuleTypes,
) -> Error {
    let own = kernel.own_btf().ok().and_then(|btf| btf.types().ok()).into_iter().flatten();
    let others = modules.targets.iter().filter_map(|one| one.btf().own_types().ok()).flatten();
    let names = own
        .chain(others)
        .flatten()
        .filter(|ty| ty.kind() == kind)
        .filter_map(|ty| ty.name().strip_prefix(prefix));
    let near = match nearest(target, names) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => String::new(),
    };
    let inlined = match noun {
        "function" => ". It may be inlined, or in a module that is not loaded",
        _ => "",
    };
    let mut message = format!("this kernel has no {noun} `{target}`{near}{inlined}");
    for unreadable in &modules.unreadable {
        message = format!("{message}; {unreadable:#}");
    }
    if let Some(why) = no_btf::modules(kernel).filter(|_| modules.targets.is_empty()) {
        message = format!("{message}; {why}");
    }
    Error::not_found(message)
}
