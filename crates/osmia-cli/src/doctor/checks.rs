//! What is looked at.

use std::fs;
use std::path::Path;

use osmia::{ErrorKind, Kernel};
use osmia_abi::{AttachType, MapType, ProgType};
use osmia_btf::Kind;
use osmia_build::Clang;
use osmia_sys::{
    Capabilities, Capability, Errno, KernelFs, Lockdown, Log, ProgLoad, UnprivilegedBpf,
};

use crate::doctor::{Check, State, config};

/// Everything, area by area.
pub fn all(kernel: &Kernel) -> Vec<Check> {
    let mut checks = vec![release()];
    checks.extend(types(kernel));
    checks.extend(files());
    checks.extend(rights());
    checks.extend(knobs());
    checks.extend(programs(kernel));
    checks.extend(loading(kernel));
    checks.extend(config::checks(kernel));
    checks.extend(leftovers(kernel));
    checks.push(compiler());
    checks
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

fn release() -> Check {
    let release = read("/proc/sys/kernel/osrelease").unwrap_or_default();
    let found = format!("Linux {release} {}", std::env::consts::ARCH);
    let old =
        release.split('.').next().and_then(|major| major.parse::<u32>().ok()).unwrap_or(0) < 5;
    let check = Check::ok("kernel", "release", found, "everything");
    if old { check.but(State::Limited, "much of BPF came with Linux 5") } else { check }
}

fn types(kernel: &Kernel) -> Vec<Check> {
    let needed_for = "CO-RE, fentry, tp_btf, iterators, struct_ops, types in `osmia map dump`";
    let own = match kernel.btf() {
        Ok(btf) => {
            let found = format!("{} bytes of types", btf.as_bytes().len());
            Check::ok("types", "kernel's BTF", found, needed_for)
        }
        Err(error) => Check::ok("types", "kernel's BTF", format!("{error:#}"), needed_for).but(
            State::Missing,
            "take a kernel with CONFIG_DEBUG_INFO_BTF, or give a BTF file: `osmia run --btf FILE`; \
             tracepoints, kprobes, XDP, tc and cgroup programs without CO-RE work without",
        ),
    };
    let modules = fs::read_dir("/sys/module").into_iter().flatten().flatten();
    let loaded = modules.filter(|entry| entry.path().join("initstate").exists()).count();
    let told = fs::read_dir("/sys/kernel/btf").into_iter().flatten().flatten();
    let told = told.filter(|entry| entry.file_name() != "vmlinux").count();
    let found = format!("{told} of {loaded} loaded modules tell their types");
    let modules = Check::ok("types", "modules' BTF", found, "CO-RE and fentry on modules");
    let remedy = "take a kernel with CONFIG_DEBUG_INFO_BTF_MODULES";
    let modules = if told < loaded { modules.but(State::Limited, remedy) } else { modules };
    vec![own, modules]
}

fn files() -> Vec<Check> {
    let places = [
        (KernelFs::Bpf, "pins, which outlive their processes"),
        (KernelFs::Trace, "tracepoints, kprobes on old kernels, what bpf_printk prints"),
        (KernelFs::Cgroup2, "programs on cgroups"),
    ];
    let check = |(kind, needed_for): (KernelFs, &'static str)| {
        let name = format!("{} file system", kind.name());
        match kind.find() {
            Ok(place) => Check::ok("files", &name, place.display().to_string(), needed_for),
            Err(_) => {
                let place = kind.usual_place().display();
                Check::ok("files", &name, "not mounted", needed_for)
                    .but(State::Missing, format!("`mount -t {0} {0} {place}`", kind.name()))
            }
        }
    };
    let mut checks: Vec<Check> = places.into_iter().map(check).collect();
    let hidden = fs::read_to_string("/proc/kallsyms")
        .map(|text| text.lines().take(50).all(|line| line.starts_with("0000000000000000")));
    let symbols = match hidden {
        Ok(false) => {
            Check::ok("files", "kernel's symbols", "/proc/kallsyms", "names in dumps, ksym externs")
        }
        Ok(true) => Check::ok(
            "files",
            "kernel's symbols",
            "addresses are hidden",
            "names in dumps, ksym externs",
        )
        .but(State::Limited, "`sysctl -w kernel.kptr_restrict=1` and CAP_SYSLOG"),
        Err(_) => {
            Check::ok("files", "kernel's symbols", "not there", "names in dumps, ksym externs")
                .but(State::Missing, "take a kernel with CONFIG_KALLSYMS")
        }
    };
    checks.push(symbols);
    checks
}

fn rights() -> Vec<Check> {
    let wanted = [
        (Capability::Bpf, "loading programs and making maps"),
        (Capability::Perfmon, "tracing programs, pointers in programs"),
        (Capability::NetAdmin, "programs on interfaces, sockets and cgroups"),
        (Capability::SysAdmin, "opening programs and maps by their ids: all lists"),
    ];
    let held = Capabilities::of_this_thread().ok();
    let check = |(capability, needed_for): (Capability, &'static str)| {
        let name = capability.to_string();
        match held {
            Some(held) if held.has(capability) => Check::ok("rights", &name, "held", needed_for),
            _ => Check::ok("rights", &name, "not held", needed_for).but(
                State::Missing,
                format!("run as root, or `setcap {}+ep` the program", name.to_lowercase()),
            ),
        }
    };
    let mut checks: Vec<Check> = wanted.into_iter().map(check).collect();
    let needed_for = "kprobes and reading the kernel's memory";
    let lockdown = |found: &str| Check::ok("rights", "lockdown", found, needed_for);
    checks.push(match Lockdown::running() {
        Ok(Lockdown::Confidentiality) => lockdown("confidentiality").but(
            State::Limited,
            "programs may not read the kernel's memory: boot with lockdown=integrity, or without secure boot",
        ),
        Ok(Lockdown::Integrity) => lockdown("integrity: bpf_probe_write_user is refused"),
        Ok(Lockdown::None) => lockdown("none"),
        Err(_) => lockdown("this kernel has none, or securityfs is not mounted"),
    });
    checks
}

fn knobs() -> Vec<Check> {
    let area = "rights";
    let mut checks = Vec::new();
    let unprivileged = match UnprivilegedBpf::running() {
        Ok(UnprivilegedBpf::Allowed) => "0: some types are allowed",
        Ok(UnprivilegedBpf::ForbiddenForGood) => "1: forbidden until the next boot",
        Ok(UnprivilegedBpf::Forbidden) => "2: forbidden",
        Err(_) => "not there",
    };
    let needed_for = "users without CAP_BPF";
    checks.push(Check::ok(area, "unprivileged_bpf_disabled", unprivileged, needed_for));
    let jit = read("/proc/sys/net/core/bpf_jit_enable");
    let check =
        |found: &str| Check::ok(area, "bpf_jit_enable", found, "programs that run at full speed");
    checks.push(match jit.as_deref() {
        Some("0") => {
            check("0: interpreted").but(State::Limited, "`sysctl -w net.core.bpf_jit_enable=1`")
        }
        Some(on) => check(on),
        None => check("not there").but(State::Limited, "take a kernel with CONFIG_BPF_JIT"),
    });
    if let Some(paranoid) = read("/proc/sys/kernel/perf_event_paranoid") {
        checks.push(Check::ok(
            area,
            "perf_event_paranoid",
            paranoid,
            "perf events without CAP_PERFMON",
        ));
    }
    if let Some(stats) = read("/proc/sys/kernel/bpf_stats_enabled") {
        let found =
            if stats == "0" { "0: run times are not counted" } else { "1: run times are counted" };
        checks.push(Check::ok(area, "bpf_stats_enabled", found, "run times in `osmia prog list`"));
    }
    let needed_for = "LSM programs";
    if let Some(list) = read("/sys/kernel/security/lsm") {
        let active = list.split(',').any(|name| name == "bpf");
        let check = Check::ok(area, "active security modules", list, needed_for);
        checks.push(match active {
            true => check,
            false => check
                .but(State::Missing, "boot with `lsm=...,bpf`: add bpf to the list that is there"),
        });
    }
    checks
}

/// Program and map types by trying them.
fn programs(kernel: &Kernel) -> Vec<Check> {
    let mut checks = Vec::new();
    for ty in ProgType::ALL.iter().copied().filter(|ty| *ty != ProgType::UNSPEC) {
        let since = Kernel::program_type_since(ty);
        let since = since.map(|since| format!("since Linux {since}"));
        let name = format!("{} programs", ty.name().unwrap_or_default());
        let check = |found: &str| {
            let found = match (found, &since) {
                ("", since) => since.clone().unwrap_or_default(),
                (found, Some(since)) => format!("{found} ({since})"),
                (found, None) => found.to_owned(),
            };
            Check::ok("program types", &name, found, "programs of this type")
        };
        checks.push(match kernel.has_program_type(ty) {
            Ok(true) => check(""),
            Ok(false) => check("this kernel has none")
                .but(State::Missing, "take a newer kernel, or one that is built with this type"),
            Err(error) if error.kind() == ErrorKind::Permission => check("not permitted").but(
                State::Limited,
                "CAP_BPF and CAP_PERFMON, unless the host's policy forbids the type",
            ),
            Err(error) => check(&error.to_string()).but(State::Unknown, "look at the rights above"),
        });
    }
    checks.push(fentry(kernel));
    let missing: Vec<&str> = MapType::ALL
        .iter()
        .filter(|ty| **ty != MapType::UNSPEC && !kernel.has_map_type(**ty).unwrap_or(true))
        .filter_map(|ty| ty.name())
        .collect();
    let check = Check::ok("map types", "map types", "all", "maps of these types");
    checks.push(match missing.as_slice() {
        [] => check,
        names => Check { found: format!("all but {}", names.join(", ")), ..check }
            .but(State::Limited, "take a newer kernel where such maps are wanted"),
    });
    checks
}

/// Whether functions may be patched, which some hosts forbid.
fn fentry(kernel: &Kernel) -> Check {
    const TRIVIAL: [[u8; 8]; 2] = [[0xb7, 0, 0, 0, 0, 0, 0, 0], [0x95, 0, 0, 0, 0, 0, 0, 0]];
    let needed_for = "fentry, fexit, fmod_ret, LSM, freplace";
    let check =
        |found: &str| Check::ok("program types", "patching of functions", found, needed_for);
    let target = kernel.btf().ok().and_then(|btf| btf.find(Kind::Func, "vfs_read").ok().flatten());
    let Some(target) = target else {
        return check("the kernel's types are not known")
            .but(State::Unknown, "see the kernel's BTF above");
    };
    let load = ProgLoad {
        prog_type: ProgType::TRACING,
        insns: TRIVIAL.as_flattened(),
        license: c"GPL",
        expected_attach_type: AttachType::TRACE_FENTRY,
        attach_btf_id: target.id().0,
        ..ProgLoad::default()
    };
    match kernel.bpf().prog_load(&load, &mut Log::default()) {
        Ok(_) => check("allowed"),
        Err(Errno::PERM | Errno::ACCESS) => check("refused").but(
            State::Missing,
            "with all capabilities it is the host's policy that forbids it; tp_btf, tracepoints and kprobes may do",
        ),
        Err(errno) => check(&format!("refused: {errno}"))
            .but(State::Missing, "take a kernel with CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS"),
    }
}

/// What the loader relies on.
fn loading(kernel: &Kernel) -> Vec<Check> {
    let check = |feature: osmia::KernelFeature| {
        let found = format!("since Linux {}", feature.since);
        let check = Check::ok("loading", feature.name, found, "objects that use it");
        match feature.there {
            Some(true) => check,
            Some(false) => check.but(State::Missing, "the loader does without where it can"),
            None => check.but(State::Unknown, "look at the rights above"),
        }
    };
    kernel.features().map(check).collect()
}

/// What processes of Osmia that were killed have left attached.
fn leftovers(kernel: &Kernel) -> Vec<Check> {
    let needed_for = "detaching what nobody owns any more";
    let check = |found: String| Check::ok("leftovers", "of killed processes", found, needed_for);
    match kernel.leftovers() {
        Ok(left) if left.is_empty() => vec![check("none".to_owned())],
        Ok(left) => left
            .iter()
            .map(|left| {
                let remedy = format!("`{}`, or `osmia doctor --remove-leftovers`", left.remedy());
                check(left.to_string()).but(State::Limited, remedy)
            })
            .collect(),
        Err(error) => {
            vec![check(format!("{error:#}")).but(State::Unknown, "look at the rights above")]
        }
    }
}

fn compiler() -> Check {
    let needed_for = "osmia build, osmia run FILE.c, osmia gen rust FILE.c";
    match Clang::find() {
        Ok(clang) => {
            let found = format!("{} {}", clang.name(), clang.version());
            let check = Check::ok("tools", "clang", found, needed_for);
            let headers = Path::new("/usr/include/bpf/bpf_helpers.h").exists();
            match headers {
                true => check,
                false => check.but(
                    State::Limited,
                    "bpf/bpf_helpers.h is not installed: the package is libbpf-dev or libbpf-devel",
                ),
            }
        }
        Err(error) => Check::ok("tools", "clang", error.to_string(), needed_for)
            .but(State::Missing, "install clang, or name it in OSMIA_CLANG"),
    }
}
