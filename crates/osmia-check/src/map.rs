//! Maps.

use osmia_abi::MapType;
use osmia_object::{MapRole, MapSpec, ObjectSpec, Pinning};

use crate::answer::MapAnswer;
use crate::finding::{Finding, Subject, Weight};
use crate::kernel::Kernel;

/// What a kernel says to a map.
pub(crate) fn check(object: &ObjectSpec, spec: &MapSpec, kernel: &Kernel) -> MapAnswer {
    let mut findings = Vec::new();
    if !spec.autocreate {
        return MapAnswer { name: spec.name.clone(), findings };
    }
    if spec.role == MapRole::StructOps {
        let table = object.ops_table(spec, kernel.target(), || kernel.modules());
        let refused =
            |error: osmia_object::Error| Finding::refused(Subject::StructOps, error.to_string());
        findings.extend(table.err().map(refused));
    }
    let problems = [Some(spec), spec.inner.as_deref()].into_iter().flatten();
    for problem in problems.filter_map(|map| map.problem.as_ref()) {
        findings.push(Finding::refused(Subject::Object, problem.clone()));
    }
    if let [field, ..] = spec.unknown_fields.as_slice() {
        let message = format!("its definition has a member `{field}`, which means nothing");
        findings.push(Finding::refused(Subject::Object, message));
    }
    if let Pinning::Unknown(value) = spec.pinning {
        let message = format!("pinning {value} means nothing");
        findings.push(Finding::refused(Subject::Object, message));
    }
    if spec.max_entries == 0 && needs_entries(spec.map_type) {
        let message = "its max_entries is 0: whoever loads it must say how many entries it has";
        findings.push(Finding::new(Weight::Unsure, Subject::Object, message));
    }
    // What a data section or a table holds is not the user's to get wrong.
    if spec.role == MapRole::Declared {
        let entries = if needs_entries(spec.map_type) { spec.max_entries.max(1) } else { 0 };
        if let Some(rule) = spec.broken_rule(entries) {
            findings.push(Finding::refused(Subject::Object, rule));
        }
        if takes_maps(spec.map_type) && spec.inner.is_none() {
            let message = "it does not say what its inner maps are like: whoever loads it must";
            let help = "declare one in it: `__array(values, struct { ... })`".to_owned();
            findings.push(Finding::new(Weight::Unsure, Subject::Object, message).help([help]));
        }
    }
    for map in [Some(spec), spec.inner.as_deref()].into_iter().flatten() {
        if map.problem.is_none() && !kernel.map_types.has(map.map_type.0) {
            let message = format!("this kernel has no maps of type {}", map.map_type);
            findings.push(Finding::refused(Subject::MapType, message));
        }
    }
    MapAnswer { name: spec.name.clone(), findings }
}

fn takes_maps(map_type: MapType) -> bool {
    matches!(map_type, MapType::ARRAY_OF_MAPS | MapType::HASH_OF_MAPS)
}

/// Whether a map of this type cannot do without a number of entries. Loaders give perf event arrays
/// theirs.
fn needs_entries(map_type: MapType) -> bool {
    !matches!(
        map_type,
        MapType::PERF_EVENT_ARRAY
            | MapType::STRUCT_OPS
            | MapType::SK_STORAGE
            | MapType::INODE_STORAGE
            | MapType::TASK_STORAGE
            | MapType::CGRP_STORAGE
            | MapType::CGROUP_STORAGE
            | MapType::PERCPU_CGROUP_STORAGE
    )
}
