//! What a kernel has to be built with to have a type of maps or programs.

use osmia_abi::{MapType, ProgType};

use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;

/// The option that brings a map type, where that is not what brings bpf(2) itself.
pub(crate) fn of_maps(map_type: MapType) -> Option<&'static str> {
    Some(match map_type {
        MapType::INODE_STORAGE => "CONFIG_BPF_LSM",
        MapType::XSKMAP => "CONFIG_XDP_SOCKETS",
        MapType::STACK_TRACE => "CONFIG_PERF_EVENTS",
        MapType::CGROUP_ARRAY | MapType::CGRP_STORAGE => "CONFIG_CGROUPS",
        MapType::CGROUP_STORAGE | MapType::PERCPU_CGROUP_STORAGE => "CONFIG_CGROUP_BPF",
        MapType::DEVMAP | MapType::DEVMAP_HASH | MapType::CPUMAP | MapType::SK_STORAGE => {
            "CONFIG_NET"
        }
        MapType::SOCKMAP | MapType::SOCKHASH | MapType::REUSEPORT_SOCKARRAY => "CONFIG_INET",
        MapType::STRUCT_OPS => "CONFIG_BPF_JIT",
        _ => return None,
    })
}

/// The same for a program type.
pub(crate) fn of_programs(prog_type: ProgType) -> Option<&'static str> {
    Some(match prog_type {
        ProgType::LSM => "CONFIG_BPF_LSM",
        ProgType::LIRC_MODE2 => "CONFIG_BPF_LIRC_MODE2",
        ProgType::NETFILTER => "CONFIG_NETFILTER_BPF_LINK",
        ProgType::KPROBE
        | ProgType::TRACEPOINT
        | ProgType::PERF_EVENT
        | ProgType::RAW_TRACEPOINT
        | ProgType::RAW_TRACEPOINT_WRITABLE => "CONFIG_BPF_EVENTS",
        ProgType::CGROUP_DEVICE | ProgType::CGROUP_SYSCTL | ProgType::CGROUP_SOCKOPT => {
            "CONFIG_CGROUP_BPF"
        }
        ProgType::STRUCT_OPS | ProgType::EXT => "CONFIG_BPF_JIT",
        ProgType::SK_REUSEPORT | ProgType::SK_LOOKUP => "CONFIG_INET",
        _ => return None,
    })
}

/// Why a kernel has none of `what`, which came with the release that `kind` tells, and take an option.
pub(crate) fn lacking(
    kernel: &Kernel,
    what: &str,
    kind: ErrorKind,
    option: Option<&str>,
) -> String {
    let missing = option.and_then(|option| Some((option, not_set(kernel, option)?)));
    if let Some((option, origin)) = missing {
        return format!(
            "this kernel has no {what}: it is built without {option}, which they need ({origin} says so)"
        );
    }
    let needs = option.map(|option| format!("need {option}"));
    let since = match kind {
        ErrorKind::Unsupported { since, .. } => Some(format!("came with {since}")),
        _ => None,
    };
    let known: Vec<String> = since.into_iter().chain(needs).collect();
    match known.is_empty() {
        true => format!("this kernel has no {what}"),
        false => format!("this kernel has no {what} (they {})", known.join(" and ")),
    }
}

/// The file that says that the kernel was built without an option, if one does.
pub(crate) fn not_set(kernel: &Kernel, name: &str) -> Option<String> {
    let config = kernel.config().ok()?;
    // Of an option whose conditions are not met nothing is said.
    let set = config.option(name).is_some_and(|said| said != "n");
    (!set).then(|| config.origin().to_owned())
}

#[cfg(test)]
mod tests {
    use osmia_abi::{MapType, ProgType};

    use super::{lacking, of_maps, of_programs};
    use crate::kernel::{Kernel, since};

    fn told(config: Option<&str>, map_type: MapType) -> String {
        let root = tempfile::tempdir().unwrap();
        let mut builder = Kernel::builder().root(root.path());
        if let Some(config) = config {
            let file = root.path().join("config");
            std::fs::write(&file, config).unwrap();
            builder = builder.config_file(file);
        }
        let kernel = builder.build().unwrap();
        let what = format!("maps of type {map_type}");
        lacking(&kernel, &what, since::map_type(map_type), of_maps(map_type))
    }

    #[test]
    fn the_option_is_named_where_it_is_what_is_missing() {
        let inodes = MapType::INODE_STORAGE;
        let text = told(Some("# CONFIG_BPF_LSM is not set\n"), inodes);
        assert!(text.contains("it is built without CONFIG_BPF_LSM, which they need ("), "{text}");
        let text = told(Some("CONFIG_BPF_LSM=y\n"), inodes);
        assert!(text.ends_with(" (they came with 5.10 and need CONFIG_BPF_LSM)"), "{text}");
        let text = told(None, inodes);
        assert!(text.ends_with(" (they came with 5.10 and need CONFIG_BPF_LSM)"), "{text}");
        let text = told(Some("CONFIG_BPF_LSM=y\n"), MapType::BLOOM_FILTER);
        assert!(text.ends_with(" (they came with 5.16)"), "{text}");
        assert_eq!(of_programs(ProgType::LIRC_MODE2), Some("CONFIG_BPF_LIRC_MODE2"));
    }
}
