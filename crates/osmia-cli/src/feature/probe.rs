//! `osmia feature probe`: what this kernel can do.

use std::fs;

use clap::Args;
use osmia::{ErrorKind, Kernel, Language};
use osmia_abi::{FuncId, MapType, ProgType};
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::feature::device::Device;
use crate::output::{Form, Output};
use crate::put::put;
use crate::report::{Page, Report};
use crate::words::Words;
use crate::wrap::wrapped;

/// What bpftool looks at in the kernel's configuration, and what has come since.
const OPTIONS: [&str; 42] = [
    "CONFIG_BPF",
    "CONFIG_BPF_SYSCALL",
    "CONFIG_HAVE_EBPF_JIT",
    "CONFIG_BPF_JIT",
    "CONFIG_BPF_JIT_ALWAYS_ON",
    "CONFIG_DEBUG_INFO_BTF",
    "CONFIG_DEBUG_INFO_BTF_MODULES",
    "CONFIG_CGROUPS",
    "CONFIG_CGROUP_BPF",
    "CONFIG_CGROUP_NET_CLASSID",
    "CONFIG_SOCK_CGROUP_DATA",
    "CONFIG_BPF_EVENTS",
    "CONFIG_KPROBE_EVENTS",
    "CONFIG_UPROBE_EVENTS",
    "CONFIG_TRACING",
    "CONFIG_FTRACE_SYSCALLS",
    "CONFIG_FUNCTION_ERROR_INJECTION",
    "CONFIG_BPF_KPROBE_OVERRIDE",
    "CONFIG_NET",
    "CONFIG_XDP_SOCKETS",
    "CONFIG_LWTUNNEL_BPF",
    "CONFIG_NET_ACT_BPF",
    "CONFIG_NET_CLS_BPF",
    "CONFIG_NET_CLS_ACT",
    "CONFIG_NET_SCH_INGRESS",
    "CONFIG_XFRM",
    "CONFIG_IP_ROUTE_CLASSID",
    "CONFIG_IPV6_SEG6_BPF",
    "CONFIG_BPF_LIRC_MODE2",
    "CONFIG_BPF_STREAM_PARSER",
    "CONFIG_NETFILTER_XT_MATCH_BPF",
    "CONFIG_BPFILTER",
    "CONFIG_BPFILTER_UMH",
    "CONFIG_TEST_BPF",
    "CONFIG_HZ",
    "CONFIG_BPF_LSM",
    "CONFIG_FPROBE",
    "CONFIG_NETKIT",
    "CONFIG_NETFILTER_BPF_LINK",
    "CONFIG_SCHED_CLASS_EXT",
    "CONFIG_BPF_UNPRIV_DEFAULT_OFF",
    "CONFIG_BPF_PRELOAD",
];

/// The knobs of BPF, in `/proc/sys`.
const SYSCTLS: [(&str, &str); 5] = [
    ("unprivileged_bpf_disabled", "kernel/unprivileged_bpf_disabled"),
    ("bpf_jit_enable", "net/core/bpf_jit_enable"),
    ("bpf_jit_harden", "net/core/bpf_jit_harden"),
    ("bpf_jit_kallsyms", "net/core/bpf_jit_kallsyms"),
    ("bpf_jit_limit", "net/core/bpf_jit_limit"),
];

const LANGUAGE: [(&str, Language); 5] = [
    ("large_insn_limit", Language::LargePrograms),
    ("bounded_loops", Language::BoundedLoops),
    ("v2_isa_extension", Language::InstructionSet2),
    ("v3_isa_extension", Language::InstructionSet3),
    ("v4_isa_extension", Language::InstructionSet4),
];

/// Helpers that write to the kernel's log when they are loaded.
const LOUD: [FuncId; 3] = [FuncId::TRACE_PRINTK, FuncId::TRACE_VPRINTK, FuncId::PROBE_WRITE_USER];

// The arguments of `osmia feature probe`.
#[derive(Args)]
#[command(
    after_help = "Words are, as for bpftool: `kernel` or `dev NAME`, `full` (helpers too that write to the kernel's \
log), `unprivileged` (what users without capabilities can do), `macros` and `prefix PREFIX` for C.

Examples:
  osmia feature probe
  osmia -j feature probe kernel
  osmia feature probe macros prefix MY_ > features.h"
)]
pub struct Probe {
    /// What to probe, and how to print it
    #[arg(value_name = "kernel|dev NAME|full|unprivileged|macros|prefix PREFIX")]
    words: Vec<String>,
}

/// What the words say.
#[derive(Default)]
struct Plan {
    device: Option<Device>,
    full: bool,
    unprivileged: bool,
    prefix: Option<String>,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Probed(Map<String, Value>);

impl Probe {
    /// Tries everything.
    ///
    /// # Errors
    /// The words are wrong, or the kernel lets nothing be tried.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let plan = Plan::read(&self.words)?;
        if plan.unprivileged {
            give_up_rights()?;
        }
        let kernel = Kernel::running()?;
        let mut sections = Map::new();
        if plan.device.is_none() {
            sections.insert("system_config".to_owned(), system(&kernel));
        }
        let there = kernel.has_map_type(MapType::ARRAY);
        let there = there.is_ok()
            || fs::exists("/proc/sys/kernel/unprivileged_bpf_disabled").unwrap_or(false);
        sections.insert("syscall_config".to_owned(), json!({ "have_bpf_syscall": there }));
        let types = plan.program_types(&kernel);
        let flags =
            types.iter().map(|(ty, there)| (format!("have_{}_prog_type", name(*ty)), json!(there)));
        sections.insert("program_types".to_owned(), Value::Object(flags.collect()));
        sections.insert("map_types".to_owned(), plan.map_types(&kernel));
        sections.insert("helpers".to_owned(), plan.helpers(&kernel, &types));
        let can =
            |language| plan.device.is_none() && kernel.has_language(language).unwrap_or(false);
        let misc =
            LANGUAGE.iter().map(|(name, language)| (format!("have_{name}"), json!(can(*language))));
        sections.insert("misc".to_owned(), Value::Object(misc.collect()));
        match &plan.prefix {
            Some(prefix) if output.form() == Form::Text => {
                Output::raw(macros(&sections, prefix).as_bytes())
            }
            _ => output.show(&Probed(sections)),
        }
    }
}

impl Plan {
    fn read(words: &[String]) -> Result<Self, Failure> {
        let mut words = Words::new(words);
        let mut plan = Self::default();
        while !words.is_empty() {
            match words.keyword(&["kernel", "dev", "full", "unprivileged", "macros", "prefix"])? {
                "kernel" => plan.device = None,
                "dev" => plan.device = Some(Device::named(words.next("the interface")?)?),
                "full" => plan.full = true,
                "macros" => plan.prefix = Some(plan.prefix.take().unwrap_or_default()),
                "prefix" => plan.prefix = Some(words.next("the prefix")?.to_owned()),
                _ => plan.unprivileged = true,
            }
        }
        Ok(plan)
    }

    /// The program types, and whether they are there. One that may not be loaded is as good as
    /// none.
    fn program_types(&self, kernel: &Kernel) -> Vec<(ProgType, bool)> {
        let types = ProgType::ALL.iter().copied().filter(|ty| *ty != ProgType::UNSPEC);
        match &self.device {
            Some(device) => {
                let types = types.filter(|ty| matches!(*ty, ProgType::SCHED_CLS | ProgType::XDP));
                types.map(|ty| (ty, device.has_program_type(ty))).collect()
            }
            None => types.map(|ty| (ty, kernel.has_program_type(ty).unwrap_or(false))).collect(),
        }
    }

    fn map_types(&self, kernel: &Kernel) -> Value {
        let types = MapType::ALL.iter().copied().filter(|ty| *ty != MapType::UNSPEC);
        let key = |ty: MapType| format!("have_{}_map_type", ty.name().unwrap_or_default());
        let flags: Map<String, Value> = match &self.device {
            Some(device) => {
                let types = types.filter(|ty| matches!(*ty, MapType::HASH | MapType::ARRAY));
                types.map(|ty| (key(ty), json!(device.has_map_type(ty)))).collect()
            }
            None => {
                types.map(|ty| (key(ty), json!(kernel.has_map_type(ty).unwrap_or(false)))).collect()
            }
        };
        Value::Object(flags)
    }

    fn helpers(&self, kernel: &Kernel, types: &[(ProgType, bool)]) -> Value {
        let mut lists = Map::new();
        for (ty, there) in types {
            let mut names = Vec::new();
            for id in FuncId::ALL.iter().copied().filter(|id| *id != FuncId::UNSPEC && *there) {
                if self.device.is_some() || (!self.full && LOUD.contains(&id)) {
                    continue;
                }
                match kernel.has_helper(*ty, id) {
                    Ok(true) => names.extend(id.name()),
                    Ok(false) => {}
                    // Nothing of this type may be loaded.
                    Err(error) if error.kind() == ErrorKind::Permission => break,
                    Err(_) => {}
                }
            }
            lists.insert(format!("{}_available_helpers", name(*ty)), json!(names));
        }
        Value::Object(lists)
    }
}

/// Goes on with no more rights than any user has.
fn give_up_rights() -> Result<(), Failure> {
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, none)
        .map_err(|errno| Failure::because("give up all capabilities", &errno))
}

fn name(ty: ProgType) -> &'static str {
    ty.name().unwrap_or("unknown")
}

/// Knobs and options; null where they are not there.
fn system(kernel: &Kernel) -> Value {
    let mut values = Map::new();
    for (name, path) in SYSCTLS {
        let text = fs::read_to_string(format!("/proc/sys/{path}")).unwrap_or_default();
        values.insert(name.to_owned(), json!(text.trim().parse::<i64>().ok()));
    }
    let config = kernel.config().ok();
    for option in OPTIONS {
        let said = config.and_then(|config| config.option(option)).filter(|said| *said != "n");
        values.insert(option.to_owned(), json!(said));
    }
    Value::Object(values)
}

/// All of it as C.
fn macros(sections: &Map<String, Value>, prefix: &str) -> String {
    let mut text = String::new();
    let titles = [
        ("syscall_config", "System call availability"),
        ("program_types", "eBPF program types"),
        ("map_types", "eBPF map types"),
        ("misc", "eBPF misc features"),
    ];
    let members = |name: &str| sections.get(name).and_then(Value::as_object).into_iter().flatten();
    let hertz = members("system_config").find(|(name, _)| *name == "CONFIG_HZ");
    if let Some(hertz) = hertz.and_then(|(_, hertz)| hertz.as_str()) {
        put!(text, "/*** Misc kernel config items ***/\n#define {prefix}CONFIG_HZ {hertz}\n\n");
    }
    for (section, title) in titles {
        put!(text, "/*** {title} ***/\n");
        for (name, there) in members(section) {
            let no = if there == &Value::Bool(true) { "" } else { "NO_" };
            put!(text, "#define {prefix}{no}{}\n", name.to_uppercase());
        }
        text.push('\n');
    }
    text.push_str("/*** eBPF helper functions ***/\n");
    put!(
        text,
        "/*\n * Use {prefix}HAVE_PROG_TYPE_HELPER(prog_type_name, helper_name)\n * to determine if \
         <helper_name> is available for <prog_type_name>.\n */\n#define \
         {prefix}HAVE_PROG_TYPE_HELPER(prog_type, helper) \\\n\t{prefix}BPF__PROG_TYPE_ ## prog_type ## \
         __HELPER_ ## helper\n"
    );
    for (list, names) in members("helpers") {
        let ty = list.trim_end_matches("_available_helpers");
        let there: Vec<&str> =
            names.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for id in FuncId::ALL.iter().filter_map(|id| id.name()) {
            let there = u8::from(there.contains(&id));
            put!(text, "#define {prefix}BPF__PROG_TYPE_{ty}__HELPER_{id} {there}\n");
        }
    }
    text
}

impl Report for Probed {
    fn text(&self, page: &Page) -> String {
        let bold = anstyle::Style::new().bold();
        let mut text = String::new();
        for (section, members) in &self.0 {
            put!(text, "{bold}{}{bold:#}\n", section.replace('_', " "));
            for (name, value) in members.as_object().into_iter().flatten() {
                let value = match value {
                    Value::Bool(true) => "yes".to_owned(),
                    Value::Bool(false) => "no".to_owned(),
                    Value::Null => "not set".to_owned(),
                    Value::String(text) => text.clone(),
                    Value::Array(names) => {
                        let names = names.iter().filter_map(Value::as_str);
                        let names: Vec<&str> =
                            names.map(|name| name.trim_start_matches("bpf_")).collect();
                        format!("{}: {}", names.len(), names.join(" "))
                    }
                    other => other.to_string(),
                };
                let name = name.trim_start_matches("have_");
                let name = ["_prog_type", "_map_type", "_available_helpers"]
                    .iter()
                    .fold(name, |name, end| name.strip_suffix(end).unwrap_or(name));
                let room = page.width.map_or(usize::MAX, |page| page.saturating_sub(36).max(24));
                for (at, line) in wrapped(&value, room).iter().enumerate() {
                    let name = if at == 0 { name } else { "" };
                    put!(text, "  {name:32}  {line}\n");
                }
            }
        }
        text
    }
}
