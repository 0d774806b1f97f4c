//! Maps.

use osmia_object::{MapSpec, Pinning};

use crate::answer::MapAnswer;
use crate::finding::{Finding, Subject};
use crate::kernel::Kernel;

/// What a kernel says to a map.
pub(crate) fn check(spec: &MapSpec, kernel: &Kernel) -> MapAnswer {
    let mut findings = Vec::new();
    if let [field, ..] = spec.unknown_fields.as_slice() {
        let message = format!("its definition has a member `{field}`, which means nothing");
        findings.push(Finding::refused(Subject::Object, message));
    }
    if let Pinning::Unknown(value) = spec.pinning {
        let message = format!("pinning {value} means nothing");
        findings.push(Finding::refused(Subject::Object, message));
    }
    for map in [Some(spec), spec.inner.as_deref()].into_iter().flatten() {
        if !kernel.map_types.has(map.map_type.0) {
            let message = format!("this kernel has no maps of type {}", map.map_type);
            findings.push(Finding::refused(Subject::MapType, message));
        }
    }
    MapAnswer { name: spec.name.clone(), findings }
}
