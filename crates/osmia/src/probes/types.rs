//! Places that only the kernel's types tell.

use osmia_btf::{Btf, Kind, TypeId, c};

use crate::error::Error;
use crate::kernel::Kernel;
use crate::probes::{Probe, ProbeKind, each_type, prototype};

/// Tracepoints with their arguments: `btf_trace_NAME` is a pointer to the function that they call.
pub(super) fn raw_tracepoints(kernel: &Kernel, pattern: &str) -> Result<Vec<Probe>, Error> {
    let btf = kernel.own_btf()?;
    let mut found = Vec::new();
    each_type(btf, Kind::Typedef, "btf_trace_", pattern, |name, id| {
        let function = btf.resolve(id).ok().and_then(|pointer| pointer.target());
        let prototype = function.and_then(|function| prototype(btf, function, name));
        // The first argument is not the programs'.
        let prototype = prototype.map(|text| text.replacen("(void *, ", "(", 1));
        found.push(Probe { prototype, ..Probe::new(ProbeKind::RawTracepoint, name) });
    })?;
    Ok(found)
}

/// Decisions of security modules.
pub(super) fn lsm_hooks(kernel: &Kernel, pattern: &str) -> Result<Vec<Probe>, Error> {
    let btf = kernel.own_btf()?;
    let mut found = Vec::new();
    each_type(btf, Kind::Func, "bpf_lsm_", pattern, |name, id| {
        let prototype = target(btf, id).and_then(|function| prototype(btf, function, name));
        found.push(Probe { prototype, ..Probe::new(ProbeKind::Lsm, name) });
    })?;
    Ok(found)
}

/// Walks through objects: those whose context has a type.
pub(super) fn iterators(kernel: &Kernel, pattern: &str) -> Result<Vec<Probe>, Error> {
    let btf = kernel.own_btf()?;
    let mut found = Vec::new();
    each_type(btf, Kind::Struct, "bpf_iter__", pattern, |name, id| {
        // Structs of this name without the function that programs attach to are the verifier's own.
        if !matches!(btf.find(Kind::Func, &format!("bpf_iter_{name}")), Ok(Some(_))) {
            return;
        }
        let fields = members(btf, id, |_| true);
        let prototype = Some(format!("int {name}(struct bpf_iter__{name} *)"));
        found.push(Probe { prototype, fields, ..Probe::new(ProbeKind::Iter, name) });
    })?;
    Ok(found)
}

/// Sets of functions that programs can stand in for.
pub(super) fn struct_ops(kernel: &Kernel, pattern: &str) -> Result<Vec<Probe>, Error> {
    let btf = kernel.own_btf()?;
    let mut names = Vec::new();
    each_type(btf, Kind::Struct, "bpf_struct_ops_", pattern, |name, _| names.push(name))?;
    let mut found = Vec::new();
    for name in names {
        // The struct around it is the kernel's own; the struct of functions has the rest of the name.
        let Ok(Some(ty)) = btf.find(Kind::Struct, name) else { continue };
        let is_function = |ty: TypeId| {
            let pointer = btf.resolve(ty).ok().filter(|ty| ty.kind() == Kind::Ptr);
            let target = pointer.and_then(|ty| ty.target()).and_then(|id| btf.resolve(id).ok());
            target.is_some_and(|ty| ty.kind() == Kind::FuncProto)
        };
        let fields = members(btf, ty.id(), is_function);
        let prototype = Some(format!("struct {name}"));
        found.push(Probe { prototype, fields, ..Probe::new(ProbeKind::StructOps, name) });
    }
    Ok(found)
}

fn target(btf: &Btf, id: TypeId) -> Option<TypeId> {
    btf.ty(id).ok()?.target()
}

/// The members in C whose types are wanted.
fn members(btf: &Btf, id: TypeId, wanted: impl Fn(TypeId) -> bool) -> Vec<String> {
    let Ok(ty) = btf.ty(id) else { return Vec::new() };
    let members = ty.members().filter_map(Result::ok).filter(|member| wanted(member.ty));
    members.filter_map(|member| named_member(btf, member.ty, member.name)).collect()
}

/// A member in C; pointers that stand in a union, as the kernel lays out contexts, are shown by themselves.
fn named_member(btf: &Btf, ty: TypeId, name: &str) -> Option<String> {
    if !name.is_empty() {
        return c::title(btf, ty, name).ok();
    }
    let first = btf.resolve(ty).ok()?.members().next()?.ok()?;
    c::title(btf, first.ty, first.name).ok()
}
