//! What the kernel was built with.

use osmia::Kernel;

use crate::doctor::{Check, State};

/// Options, and what they are needed for.
const OPTIONS: [(&str, &str); 26] = [
    ("CONFIG_BPF_SYSCALL", "everything"),
    ("CONFIG_BPF_JIT", "programs that run at full speed"),
    ("CONFIG_BPF_JIT_ALWAYS_ON", "a kernel that never interprets programs"),
    ("CONFIG_DEBUG_INFO_BTF", "CO-RE, fentry, tp_btf, iterators, struct_ops, vmlinux.h"),
    ("CONFIG_DEBUG_INFO_BTF_MODULES", "CO-RE and fentry on modules"),
    ("CONFIG_BPF_EVENTS", "kprobes, tracepoints and perf events that run programs"),
    ("CONFIG_KPROBES", "kprobe and kretprobe"),
    ("CONFIG_KPROBE_EVENTS", "kprobe and kretprobe"),
    ("CONFIG_FPROBE", "kprobe.multi"),
    ("CONFIG_UPROBE_EVENTS", "uprobe, uretprobe, USDT"),
    ("CONFIG_FTRACE_SYSCALLS", "tracepoints of system calls"),
    ("CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS", "fentry, fexit, LSM"),
    ("CONFIG_FUNCTION_ERROR_INJECTION", "fmod_ret"),
    ("CONFIG_BPF_KPROBE_OVERRIDE", "bpf_override_return"),
    ("CONFIG_BPF_LSM", "LSM programs"),
    ("CONFIG_CGROUP_BPF", "programs on cgroups"),
    ("CONFIG_NET_CLS_BPF", "classifiers of tc"),
    ("CONFIG_NET_SCH_INGRESS", "clsact, on which classifiers of tc hang"),
    ("CONFIG_XDP_SOCKETS", "AF_XDP"),
    ("CONFIG_NETKIT", "netkit devices"),
    ("CONFIG_NETFILTER_BPF_LINK", "netfilter programs"),
    ("CONFIG_BPF_STREAM_PARSER", "programs on sockets in maps"),
    ("CONFIG_LWTUNNEL_BPF", "programs on routes"),
    ("CONFIG_SCHED_CLASS_EXT", "schedulers (sched_ext)"),
    ("CONFIG_IKCONFIG_PROC", "externs of __kconfig, and this list"),
    ("CONFIG_KALLSYMS_ALL", "externs of __ksym that are variables"),
];

/// Looks at the options.
pub fn checks(kernel: &Kernel) -> Vec<Check> {
    let area = "kernel configuration";
    let config = match kernel.config() {
        Ok(config) => config,
        Err(error) => {
            let check = Check::ok(
                area,
                "options",
                format!("{error}"),
                "telling what the kernel was built with",
            );
            let remedy = "a kernel with CONFIG_IKCONFIG_PROC tells, or a file /boot/config-RELEASE";
            return vec![check.but(State::Unknown, remedy)];
        }
    };
    let check = |&(option, needed_for): &(&str, &'static str)| match config.option(option) {
        Some(said) if said != "n" => Check::ok(area, option, said, needed_for),
        _ => Check::ok(area, option, "not set", needed_for)
            .but(State::Missing, format!("take a kernel that is built with {option}")),
    };
    OPTIONS.iter().map(check).collect()
}
