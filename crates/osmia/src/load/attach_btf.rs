//! What a program attaches to, as a type of the kernel.

use osmia_abi::{AttachType, ProgType};
use osmia_btf::{Btf, Kind};
use osmia_object::ProgramSpec;

use crate::error::Error;
use crate::error::kind::{ErrorKind, Release};
use crate::kernel::Kernel;
use crate::near::nearest;

/// Whether programs of this kind are verified for a place that BTF names.
fn has_btf_target(spec: &ProgramSpec, prog_type: ProgType) -> bool {
    match prog_type {
        ProgType::TRACING | ProgType::LSM | ProgType::EXT => true,
        // A `lsm_cgroup` program has the LSM type, others none.
        _ => spec.attach_type == Some(AttachType::LSM_CGROUP),
    }
}

/// The id of the type that the program attaches to; 0 for programs of other kinds.
pub(super) fn id(kernel: &Kernel, spec: &ProgramSpec, prog_type: ProgType) -> Result<u32, Error> {
    if !has_btf_target(spec, prog_type) {
        return Ok(0);
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
            "freplace programs replace a function of another program, which this version of Osmia \
             cannot be told",
        ));
    }
    let (prefix, kind, noun) = place(spec.attach_type);
    let btf = kernel.btf()?;
    let name = format!("{prefix}{target}");
    let found = btf.find(kind, &name).map_err(|error| {
        Error::new(ErrorKind::Malformed, "search the kernel's BTF").caused_by(error)
    })?;
    match found {
        Some(ty) => Ok(ty.id().0),
        None => Err(absent(btf, prefix, kind, noun, target)),
    }
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

fn absent(btf: &Btf, prefix: &str, kind: Kind, noun: &str, target: &str) -> Error {
    let names = || {
        let types = btf.types().into_iter().flatten().flatten();
        types.filter(|ty| ty.kind() == kind).filter_map(|ty| ty.name().strip_prefix(prefix))
    };
    let near = match nearest(target, names()) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => String::new(),
    };
    let module = match noun {
        "function" => ". It may be inlined, or in a module",
        _ => "",
    };
    Error::not_found(format!("this kernel has no {noun} `{target}`{near}{module}"))
}

/// The kind of the error where the kernel has no such programs.
pub(super) const UNSUPPORTED: ErrorKind =
    ErrorKind::Unsupported { feature: "programs attached by BTF", since: Release::new(5, 5) };
