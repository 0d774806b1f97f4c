//! Every name that a section can have loads, and is attached where there is a place for it; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd as _, OwnedFd};

use osmia::{
    AttachType, Cgroup, CgroupProgram, Error, FlowDissectorProgram, Kernel, Link, Loader,
    LsmProgram, Netfilter, NetfilterFamily, NetfilterHook, NetfilterProgram, Netkit, Object,
    ObjectSpec, PerfEvent, PerfEventProgram, ProgType, Program, SkLookupProgram, SkMsgProgram,
    SkReuseportProgram, SkSkbProgram, SocketFilterProgram, Tc, TcFilter, TcProgram, UpdateFlags,
    XdpMode, XdpProgram,
};
use osmia_object::{MapRole, SectionDef};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::{Gate, host_policy, no_security_hooks, not_built_in};
use osmia_testkit::guard::cgroup::Cgroup as OwnCgroup;
use osmia_testkit::guard::netns::NetNs;
use osmia_testkit::guard::veth::Veth;
use osmia_testkit::marks::Marks;
use osmia_testkit::release::Release;
use osmia_testkit::skip;

/// The only programs that are in the object for others.
const OTHERS: [&str; 3] = ["has_a_function", "undo", "avoid"];

fn spec() -> Option<ObjectSpec> {
    Some(osmia::open("sections", Fixture::new("sections").bytes()?).unwrap())
}

/// The definition of each program's section.
fn definitions(spec: &ObjectSpec) -> Vec<(String, &'static SectionDef)> {
    let own = spec.programs.values().filter(|program| !OTHERS.contains(&program.name.as_str()));
    own.map(|program| (program.name.clone(), SectionDef::find(&program.section).unwrap())).collect()
}

/// Since when such programs load; what is not told is older than all kernels of the tests.
fn loads_since(pattern: &str) -> &'static str {
    match pattern {
        "fmod_ret+" | "lsm+" => "5.7",
        "uprobe.s+" | "uretprobe.s+" | "usdt.s+" | "uprobe.multi.s+" | "uretprobe.multi.s+"
        | "uprobe.session.s+" => "6.0",
        "tracepoint.s+" | "tp.s+" | "raw_tracepoint.s+" | "raw_tp.s+" | "tp_btf.s+" => "7.1",
        "kprobe.multi+" | "kretprobe.multi+" => "5.18",
        "kprobe.session+" => "6.10",
        "uprobe.multi+" | "uretprobe.multi+" => "6.6",
        "uprobe.session+" => "6.13",
        "fsession+" | "fsession.s+" => "7.0",
        "fsession.multi+" | "fsession.multi.s+" | "fentry.multi+" | "fexit.multi+"
        | "fentry.multi.s+" | "fexit.multi.s+" => "7.2",
        "lsm.s+" => "5.11",
        "fentry.s+" | "fexit.s+" | "fmod_ret.s+" => "5.10",
        "lsm_cgroup+" => "6.0",
        "iter.s+" => "6.0",
        "struct_ops.s+" => "6.4",
        "syscall" => "5.14",
        "sk_reuseport/migrate" => "5.14",
        "sk_skb/verdict" => "5.13",
        "xdp.frags" | "xdp.frags/devmap" | "xdp.frags/cpumap" => "5.18",
        "cgroup/connect_unix"
        | "cgroup/sendmsg_unix"
        | "cgroup/recvmsg_unix"
        | "cgroup/getpeername_unix"
        | "cgroup/getsockname_unix" => "6.7",
        "netfilter" => "6.4",
        _ => "5.10",
    }
}

/// Loads this program alone, with what it needs.
fn load(spec: &ObjectSpec, name: &str, target: Option<&Program>) -> Result<Object, Error> {
    let mut spec = spec.clone();
    let table = match name {
        "in_struct_ops" => Some("table"),
        "in_struct_ops_s" => Some("table_s"),
        _ => None,
    };
    for map in spec.maps.values_mut().filter(|map| map.role == MapRole::StructOps) {
        map.autocreate = Some(map.name.as_str()) == table;
    }
    for program in spec.programs.values_mut() {
        let serves = table.is_some() && ["undo", "avoid"].contains(&program.name.as_str());
        program.autoload = program.name == name || serves;
    }
    let kernel = Kernel::running().unwrap();
    let mut loader = Loader::new(&kernel);
    if let Some(target) = target {
        loader = loader.target(name, target);
    }
    loader.load(&spec)
}

/// Since when a kernel without `CONFIG_FUNCTION_ERROR_INJECTION` has functions for such a program.
fn may_without_injection(def: &SectionDef) -> Release {
    let since =
        match def.attach_type {
            Some(
                AttachType::TRACE_FENTRY | AttachType::TRACE_FEXIT | AttachType::MODIFY_RETURN,
            ) if def.sleepable => "7.1",
            Some(AttachType::MODIFY_RETURN) => "6.3",
            _ => "0.0",
        };
    since.parse().unwrap()
}

/// Whether the program is kept out by what this machine allows, which is a counted skip.
fn is_forbidden(gate: &Gate, def: &SectionDef) -> bool {
    let patches = def.btf_target
        && !matches!(def.attach_type, Some(AttachType::TRACE_RAW_TP | AttachType::TRACE_ITER))
        || def.pattern.contains(".multi") && def.prog_type == ProgType::TRACING;
    let lacking = match def.prog_type {
        // Later kernels have lists of their own, of what may be changed and of what may sleep.
        ProgType::TRACING if gate.release() < may_without_injection(def) => {
            not_built_in("functions that may be made to fail", "within_error_injection_list")
                .or_else(host_policy)
        }
        ProgType::LIRC_MODE2 => not_built_in("infrared receivers", "lirc_prog_attach"),
        _ => host_policy().filter(|_| patches),
    };
    if let Some(why) = &lacking {
        skip::part(format_args!("SEC(\"{}\"): {why}", def.name()));
    }
    lacking.is_some()
}

#[test]
fn every_definition_has_a_program() {
    let Some(spec) = spec() else { return };
    let found: BTreeSet<&str> = definitions(&spec).iter().map(|(_, def)| def.pattern).collect();
    let all: BTreeSet<&str> = SectionDef::ALL.iter().map(|def| def.pattern).collect();
    assert_eq!(all.symmetric_difference(&found).collect::<Vec<_>>(), <[&&str; 0]>::default());
}

/// Who is to be replaced by `freplace`.
fn target(spec: &ObjectSpec) -> Option<Object> {
    load(spec, "has_a_function", None).ok()
}

#[test]
fn every_name_of_a_section_loads_and_is_attached() {
    let Some(gate) = Gate::root() else { return };
    let Some(mut spec) = spec() else { return };
    let Some(replaced) = target(&spec) else { panic!("an XDP program with a function loads") };
    let marks = Marks::new(false);
    for name in ["in_usdt", "in_usdt_s"] {
        let mark = marks.as_ref().map(|marks| format!("{}:osmia:kinds", marks.path().display()));
        spec.programs[name].attach_target = mark;
    }
    let mut places = Places::default();
    let mut wrong = Vec::new();
    for (name, def) in definitions(&spec) {
        let has_no_marks = def.pattern.starts_with("usdt") && marks.is_none();
        if has_no_marks || is_forbidden(&gate, def) {
            continue;
        }
        let target =
            (def.prog_type == ProgType::EXT).then(|| replaced.program("has_a_function").unwrap());
        match load(&spec, &name, target) {
            Ok(object) => places.attach(&gate, def, &object, &name, &mut wrong),
            Err(error) => {
                let since = loads_since(def.pattern);
                if gate.release() >= since.parse().unwrap() {
                    wrong.push(format!("SEC(\"{}\") does not load: {error:#}", def.name()));
                } else {
                    let _ = gate.part_needs(&format!("SEC(\"{}\")", def.name()), since, false);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Places of the test's own.
#[derive(Default)]
struct Places {
    cgroup: Option<OwnCgroup>,
    netns: Option<NetNs>,
    veth: Option<Veth>,
    netkit: Option<Veth>,
}

/// What attaching one program came to.
enum Attached {
    Yes(Link),
    /// In an entry of a map, with which it goes.
    InMap,
    /// There is no place for it; why not.
    No(String),
}

impl Places {
    fn attach(
        &mut self,
        gate: &Gate,
        def: &SectionDef,
        object: &Object,
        name: &str,
        wrong: &mut Vec<String>,
    ) {
        let program = object.program(name).unwrap();
        match self.link(def, object, program) {
            Ok(Attached::Yes(link)) => {
                if let Err(error) = link.detach() {
                    wrong.push(format!("SEC(\"{}\") does not detach: {error:#}", def.name()));
                }
            }
            Ok(Attached::InMap) => {}
            Ok(Attached::No(why)) => {
                skip::part(format_args!("SEC(\"{}\") is not attached: {why}", def.name()));
            }
            Err(error) => {
                let since = attaches_since(def);
                if gate.release() >= since.parse().unwrap() {
                    wrong.push(format!("SEC(\"{}\") is not attached: {error:#}", def.name()));
                } else {
                    let _ = gate.part_needs(&format!("SEC(\"{}\")", def.name()), since, false);
                }
            }
        }
    }

    fn link(
        &mut self,
        def: &SectionDef,
        object: &Object,
        program: &Program,
    ) -> Result<Attached, Error> {
        if let Some(why) = no_place(def) {
            return Ok(Attached::No(why));
        }
        match def.prog_type {
            ProgType::SOCKET_FILTER => {
                let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
                typed::<SocketFilterProgram>(program)?.attach_to(&socket)
            }
            ProgType::SK_REUSEPORT => {
                typed::<SkReuseportProgram>(program)?.attach_to(reuseport_socket())
            }
            ProgType::SCHED_CLS => return self.traffic(def, program),
            ProgType::XDP if is_for_map(def) => return self.put(def, object, program),
            ProgType::XDP => {
                let Some(veth) = self.veth() else { return Ok(Attached::No(NO_PAIR.to_owned())) };
                let (near, program) = (veth.near_index(), typed::<XdpProgram>(program)?);
                veth.near.enter(|| program.attach(near, XdpMode::Generic))
            }
            ProgType::PERF_EVENT => {
                typed::<PerfEventProgram>(program)?.attach(&PerfEvent::cpu_clock().period(1 << 30))
            }
            ProgType::SK_MSG => {
                typed::<SkMsgProgram>(program)?.attach_to(object.map("sockets").unwrap())
            }
            ProgType::SK_SKB => {
                typed::<SkSkbProgram>(program)?.attach_to(object.map("sockets").unwrap())
            }
            ProgType::FLOW_DISSECTOR => {
                typed::<FlowDissectorProgram>(program)?.attach(self.netns())
            }
            ProgType::SK_LOOKUP => typed::<SkLookupProgram>(program)?.attach(self.netns()),
            ProgType::NETFILTER => {
                let program = typed::<NetfilterProgram>(program)?;
                let hook = Netfilter::new(NetfilterFamily::Ipv4, NetfilterHook::LocalIn);
                self.netns().enter(|| program.attach(&hook.priority(-7)))
            }
            ProgType::STRUCT_OPS => {
                let table = if def.sleepable { "table_s" } else { "table" };
                object.struct_ops(table).unwrap().attach()
            }
            _ if def.attach_type == Some(AttachType::LSM_CGROUP) => {
                typed::<LsmProgram>(program)?.attach_to_cgroup(&self.cgroup())
            }
            _ if def.pattern == "cgroup/skb" => {
                let either = self.cgroup().attach_type(AttachType::CGROUP_INET_INGRESS);
                typed::<CgroupProgram>(program)?.attach(&either)
            }
            _ if def.pattern.starts_with("cgroup") || def.pattern == "sockops" => {
                typed::<CgroupProgram>(program)?.attach(&self.cgroup())
            }
            _ => program.attach(),
        }
        .map(Attached::Yes)
    }

    /// Puts it into an entry of a map of devices or processors, which tells whom it holds.
    fn put(
        &mut self,
        def: &SectionDef,
        object: &Object,
        program: &Program,
    ) -> Result<Attached, Error> {
        let Some(veth) = self.veth() else { return Ok(Attached::No(NO_PAIR.to_owned())) };
        let (map, first) = match def.attach_type {
            Some(AttachType::XDP_DEVMAP) => (object.map("devices")?, veth.near_index()),
            // How many packets may wait.
            _ => (object.map("cpus")?, 64),
        };
        let value = [first.to_ne_bytes(), program.fd()?.as_raw_fd().to_ne_bytes()].concat();
        let key = [0; 4];
        veth.near.enter(|| map.update(&key, &value, UpdateFlags::ANY))?;
        let held = map.lookup(&key)?.unwrap();
        // A descriptor goes in and an id comes out.
        assert_eq!(held[4..], program.info()?.id.to_ne_bytes(), "{}", def.pattern);
        Ok(Attached::InMap)
    }

    fn traffic(&mut self, def: &SectionDef, program: &Program) -> Result<Attached, Error> {
        let program = typed::<TcProgram>(program)?;
        if def.pattern.starts_with("netkit") {
            let Some(pair) = self.netkit() else { return Ok(Attached::No(NO_PAIR.to_owned())) };
            let index = pair.near_index();
            let place = match def.pattern {
                "netkit/peer" => Netkit::peer(index),
                _ => Netkit::primary(index),
            };
            return pair.near.enter(|| program.attach_netkit(&place)).map(Attached::Yes);
        }
        let Some(veth) = self.veth() else { return Ok(Attached::No(NO_PAIR.to_owned())) };
        let near = veth.near_index();
        veth.near
            .enter(|| match def.pattern {
                "tc/egress" | "tcx/egress" => program.attach(&Tc::egress(near)),
                "tc/ingress" | "tcx/ingress" => program.attach(&Tc::ingress(near)),
                _ => program.attach_filter(&TcFilter::ingress(near)),
            })
            .map(Attached::Yes)
    }

    fn cgroup(&mut self) -> Cgroup {
        Cgroup::new(self.cgroup.get_or_insert_with(OwnCgroup::new).path())
    }

    fn netns(&mut self) -> &NetNs {
        self.netns.get_or_insert_with(NetNs::new)
    }

    fn veth(&mut self) -> Option<&Veth> {
        if self.veth.is_none() {
            self.veth = Veth::new();
        }
        self.veth.as_ref()
    }

    fn netkit(&mut self) -> Option<&Veth> {
        if self.netkit.is_none() {
            self.netkit = Veth::netkit();
        }
        self.netkit.as_ref()
    }
}

/// Whether entries of maps hold it.
fn is_for_map(def: &SectionDef) -> bool {
    matches!(def.attach_type, Some(AttachType::XDP_DEVMAP | AttachType::XDP_CPUMAP))
}

/// What is said where the kernel has no such pair of interfaces.
const NO_PAIR: &str = "no pair of interfaces can be made here";

fn typed<T: TryFrom<Program, Error = Error> + Debug>(program: &Program) -> Result<T, Error> {
    T::try_from(program.clone())
}

/// Of a group of its own.
fn reuseport_socket() -> OwnedFd {
    use rustix::net::{AddressFamily, SocketType, bind, socket, sockopt};
    let fd = socket(AddressFamily::INET, SocketType::DGRAM, None).unwrap();
    sockopt::set_socket_reuseport(&fd, true).unwrap();
    bind(&fd, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    fd
}

/// Why there is nothing to attach such a program to.
fn no_place(def: &SectionDef) -> Option<String> {
    let is_of_kernel = def.pattern.starts_with('k');
    let why = match (def.pattern, def.prog_type) {
        (pattern, ProgType::KPROBE) if is_of_kernel && pattern.contains('.') => {
            return not_built_in("probes of many functions", "register_fprobe_ips");
        }
        (_, ProgType::KPROBE) if is_of_kernel => {
            return not_built_in("kprobes", "register_kprobe");
        }
        (_, ProgType::SYSCALL) => "it is run, not attached",
        (_, ProgType::EXT) => "kernel_replace.rs attaches it",
        (_, ProgType::SCHED_ACT) => "actions belong to filters of tc(8)",
        (_, ProgType::LIRC_MODE2) => "there is no infrared receiver",
        (
            _,
            ProgType::LWT_IN | ProgType::LWT_OUT | ProgType::LWT_XMIT | ProgType::LWT_SEG6LOCAL,
        ) => "routes hold it",
        ("sk_skb", _) => "its section does not say as what",
        (_, ProgType::LSM) => return no_security_hooks(),
        _ => return None,
    };
    Some(why.to_owned())
}

/// Since when there are links, or places, of the kind.
fn attaches_since(def: &SectionDef) -> &'static str {
    match def.pattern {
        "tcx/ingress" | "tcx/egress" => "6.6",
        "netkit/primary" | "netkit/peer" => "6.7",
        // Not attached by a call that says so, these load as uprobes do.
        "uprobe.multi.s+" | "uretprobe.multi.s+" => "6.6",
        "uprobe.session.s+" => "6.13",
        pattern => loads_since(pattern),
    }
}

#[test]
fn an_action_says_who_takes_it() {
    let Some(_gate) = Gate::root() else { return };
    let Some(spec) = spec() else { return };
    let object = load(&spec, "in_action", None).unwrap();
    let text = format!("{:#}", object.program("in_action").unwrap().attach().unwrap_err());
    assert!(text.contains("tc(8) takes it from a pin"), "{text}");
}

#[test]
fn a_program_is_loaded_again_under_another_name_for_another_place() {
    let Some(_gate) = Gate::root() else { return };
    let Some(mut spec) = spec() else { return };
    let mut copy = spec.programs["in_tp_btf"].clone();
    copy.name = "again".to_owned();
    copy.attach_target = Some("sys_exit".to_owned());
    copy.autoload = true;
    spec.programs["in_tp_btf"].autoload = true;
    spec.programs.insert("again".to_owned(), copy);
    spec.maps.values_mut().for_each(|map| map.autocreate = false);
    let object = Object::load(&spec, &Kernel::running().unwrap()).unwrap();
    let id = |name: &str| object.program(name).unwrap().info().unwrap().id;
    assert_ne!(id("again"), id("in_tp_btf"));
    object.program("again").unwrap().attach().unwrap().detach().unwrap();
}

#[test]
fn licences_are_told_before_and_after_the_kernel_was_asked() {
    let Some(_gate) = Gate::root() else { return };
    let Some(mut spec) = spec() else { return };
    spec.license = "MIT".to_owned();
    for name in ["in_lsm", "in_struct_ops"] {
        let text = format!("{:#}", load(&spec, name, None).unwrap_err());
        assert!(text.contains("are for GPL programs alone; the object's is \"MIT\""), "{text}");
    }
    // A helper of which the kernel alone knows whom it is for.
    let entry = spec.programs["in_tracepoint"].entry.0 as usize;
    let call = osmia_insn::Insn::call(osmia::FuncId::TRACE_PRINTK.0 as i32);
    let (text, size) = (osmia_insn::Insn::mov64(osmia_insn::Reg::R1, osmia_insn::Reg::R10), 8);
    let back = osmia_insn::Insn::alu64(osmia_insn::AluOp::Add, osmia_insn::Reg::R1, -8);
    let zero = osmia_insn::Insn::store(osmia_insn::Size::Double, osmia_insn::Reg::R10, -8, 0);
    let size = osmia_insn::Insn::mov64_imm(osmia_insn::Reg::R2, size);
    spec.functions[entry].insns.splice(0..0, [zero, text, back, size, call]);
    spec.functions[entry].lines.clear();
    let text = format!("{:#}", load(&spec, "in_tracepoint", None).unwrap_err());
    assert!(text.contains("its licence forbids it"), "{text}");
    assert!(text.contains("SEC(\"license\") = \"GPL\""), "{text}");
    spec.license = "Dual MIT/GPL".to_owned();
    load(&spec, "in_tracepoint", None).unwrap();
}
