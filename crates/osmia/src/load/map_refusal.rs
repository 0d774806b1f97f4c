//! Why a map was not created.

use osmia_abi::MapType;
use osmia_abi::flags::{BPF_F_INNER_MAP, BPF_F_NO_PREALLOC};
use osmia_object::MapSpec;
use osmia_sys::Errno;

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;
use crate::kernel::options;
use crate::kernel::refusal::{denied, to_create_map};
use crate::kernel::since;

/// The error of a map that the kernel did not create.
#[cold]
pub(super) fn refused(kernel: &Kernel, spec: &MapSpec, max_entries: u32, errno: Errno) -> Error {
    let attempt = format!(
        "create it ({}, keys of {} bytes, values of {}, {max_entries} entries, flags {:#x})",
        spec.map_type, spec.key_size, spec.value_size, spec.flags
    );
    if errno == Errno::PERM || errno == Errno::ACCESS {
        return denied(kernel, &to_create_map(spec.map_type), errno).during(attempt);
    }
    let (kind, why) = why(kernel, spec, max_entries, errno);
    Error::new(kind, format!("{attempt}: {why}")).caused_by(errno)
}

fn why(kernel: &Kernel, spec: &MapSpec, max_entries: u32, errno: Errno) -> (ErrorKind, String) {
    match errno {
        Errno::NOMEM => (
            ErrorKind::System,
            "the kernel has no memory for it, or the cgroup's limit is lower".to_owned(),
        ),
        Errno::TOOBIG if sizes(spec, max_entries).is_none() => {
            (ErrorKind::Invalid, "it is larger than its type allows".to_owned())
        }
        Errno::NOSYS => {
            (ErrorKind::Invalid, "the kernel is built without CONFIG_BPF_SYSCALL".to_owned())
        }
        _ => match sizes(spec, max_entries) {
            Some(rule) => (ErrorKind::Invalid, rule),
            None => unknown(kernel, spec),
        },
    }
}

/// Whether the kernel knows the type at all.
fn unknown(kernel: &Kernel, spec: &MapSpec) -> (ErrorKind, String) {
    if spec.map_type.name().is_none() {
        let why = format!("there is no map type {}", spec.map_type.0);
        return (ErrorKind::Invalid, why);
    }
    match kernel.has_map_type(spec.map_type) {
        Ok(false) => {
            let (map_type, what) = (spec.map_type, format!("maps of type {}", spec.map_type));
            let kind = since::map_type(map_type);
            (kind, options::lacking(kernel, &what, kind, options::of_maps(map_type)))
        }
        _ => (
            ErrorKind::Invalid,
            "the kernel has this type, so that the flags or the value's fields are what it refuses"
                .to_owned(),
        ),
    }
}

/// Which rule of the type's the sizes and flags break.
fn sizes(spec: &MapSpec, max_entries: u32) -> Option<String> {
    let (key, value) = (spec.key_size, spec.value_size);
    let rule = |broken: bool, text: &str| broken.then(|| text.to_owned());
    match spec.map_type {
        MapType::QUEUE | MapType::STACK | MapType::BLOOM_FILTER if key != 0 => {
            return Some("it has no keys: leave the key out".to_owned());
        }
        MapType::RINGBUF | MapType::USER_RINGBUF if key != 0 || value != 0 => {
            return Some("a ring buffer has neither key nor value: leave both out".to_owned());
        }
        MapType::RINGBUF | MapType::USER_RINGBUF => return None,
        _ => {}
    }
    let storage = matches!(
        spec.map_type,
        MapType::SK_STORAGE
            | MapType::INODE_STORAGE
            | MapType::TASK_STORAGE
            | MapType::CGRP_STORAGE
            | MapType::CGROUP_STORAGE
            | MapType::PERCPU_CGROUP_STORAGE
            | MapType::STRUCT_OPS
    );
    let no_prealloc = spec.flags & BPF_F_NO_PREALLOC != 0;
    let array = matches!(
        spec.map_type,
        MapType::ARRAY
            | MapType::PERCPU_ARRAY
            | MapType::PROG_ARRAY
            | MapType::PERF_EVENT_ARRAY
            | MapType::ARRAY_OF_MAPS
            | MapType::CGROUP_ARRAY
            | MapType::INSN_ARRAY
    );
    let places = spec.map_type == MapType::INSN_ARRAY;
    rule(!storage && max_entries == 0, "max_entries is 0: say how many entries it has room for")
        .or_else(|| rule(storage && max_entries != 0, "it has no max_entries: leave it out"))
        .or_else(|| rule(array && key != 4, "the keys of an array are 4 bytes (__u32)"))
        .or_else(|| rule(!array && key == 0 && !keyless(spec.map_type), "it has no key"))
        .or_else(|| rule(value == 0, "it has no value"))
        .or_else(|| {
            let needs = spec.map_type == MapType::LPM_TRIE || (storage && is_local(spec.map_type));
            rule(needs && !no_prealloc, "its map_flags must have BPF_F_NO_PREALLOC")
        })
        .or_else(|| {
            let rule_of_places = "its values are 16 bytes (struct bpf_insn_array_value)";
            rule(places && value != 16, rule_of_places)
        })
        .or_else(|| rule(array && no_prealloc, "arrays cannot have BPF_F_NO_PREALLOC"))
        .or_else(|| {
            let inner = spec.flags & BPF_F_INNER_MAP != 0 && spec.map_type != MapType::ARRAY;
            rule(inner, "BPF_F_INNER_MAP is for arrays")
        })
}

fn keyless(map_type: MapType) -> bool {
    matches!(map_type, MapType::QUEUE | MapType::STACK | MapType::BLOOM_FILTER)
}

fn is_local(map_type: MapType) -> bool {
    matches!(
        map_type,
        MapType::SK_STORAGE
            | MapType::INODE_STORAGE
            | MapType::TASK_STORAGE
            | MapType::CGRP_STORAGE
    )
}
