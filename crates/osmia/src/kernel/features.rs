//! Probes: finding out what a kernel can do, after it refused something.

use std::os::fd::{AsFd as _, AsRawFd as _};
use std::sync::atomic::{AtomicU8, Ordering};

use osmia_abi::flags::BPF_F_MMAPABLE;
use osmia_abi::{AttachType, FuncId, MapType, ProgType};
use osmia_insn::{Class, Endian, Imm64, Insn, Opcode, Reg, Source};
use osmia_sys::{
    AttachTarget, Bpf, Errno, LinkCreate, LinkTail, Log, MapCreate, ObjName, ProgFd, ProgLoad,
    Records, UprobeMulti,
};

use crate::kernel::feature::Feature;
use crate::kernel::features::blob::{Blob, KIND_FLAG};

pub(crate) mod blob;

/// Answers that were found so far, by [`Feature`].
#[derive(Debug, Default)]
pub(crate) struct Features {
    answers: [AtomicU8; Feature::ALL.len()],
}

/// An answer's initial 0 stands for no answer.
const THERE: u8 = 1;
const LACKING: u8 = 2;

impl Features {
    /// Whether the kernel has the feature; `None` where a probe cannot tell, for want of rights or
    /// memory, and then the next question probes again.
    pub(crate) fn has(&self, bpf: &Bpf, feature: Feature) -> Option<bool> {
        let known = self.known(feature);
        if known.is_some() {
            return known;
        }
        let there = probe(bpf, feature).or_else(|| probe_again(bpf, feature))?;
        if let Some(answer) = self.answers.get(feature as usize) {
            answer.store(if there { THERE } else { LACKING }, Ordering::Relaxed);
        }
        Some(there)
    }

    /// Whether the kernel lacks the feature, for certain.
    pub(crate) fn lacks(&self, bpf: &Bpf, feature: Feature) -> bool {
        self.has(bpf, feature) == Some(false)
    }

    /// Whether an earlier probe found that the kernel lacks the feature; asks nothing.
    pub(crate) fn known_to_lack(&self, feature: Feature) -> bool {
        self.known(feature) == Some(false)
    }

    fn known(&self, feature: Feature) -> Option<bool> {
        match self.answers.get(feature as usize)?.load(Ordering::Relaxed) {
            THERE => Some(true),
            LACKING => Some(false),
            _ => None,
        }
    }
}

/// Before 5.11 a probe is refused like anything else where locked memory is at its limit, which an object that was loaded
/// just now, or another process of the same user, may have reached.
fn probe_again(bpf: &Bpf, feature: Feature) -> Option<bool> {
    let charged = osmia_sys::memlock().is_some()
        && probe(bpf, Feature::MemcgAccounting) != Some(true)
        && osmia_sys::lift_memlock().is_ok();
    charged.then(|| probe(bpf, feature)).flatten()
}

/// Asks the kernel; `None` if its answer tells nothing.
fn probe(bpf: &Bpf, feature: Feature) -> Option<bool> {
    let without = |other: Result<(), Errno>| other.is_ok().then_some(false);
    match feature {
        Feature::Names => match array(bpf, 0, "a".into()) {
            Ok(()) => Some(true),
            Err(_) => without(array(bpf, 0, ObjName::NONE)),
        },
        Feature::DotsInNames => match array(bpf, 0, "a.b".into()) {
            Ok(()) => Some(true),
            Err(_) => without(array(bpf, 0, ObjName::NONE)),
        },
        Feature::MmapableArrays => match array(bpf, BPF_F_MMAPABLE, ObjName::NONE) {
            Ok(()) => Some(true),
            Err(_) => without(array(bpf, 0, ObjName::NONE)),
        },
        Feature::GlobalData => global_data(bpf),
        Feature::MemcgAccounting => helper(bpf, FuncId::KTIME_GET_COARSE_NS),
        Feature::PerfEventLinks => perf_event_links(bpf),
        Feature::Callbacks => callbacks(bpf),
        Feature::AttachCookies => attach_cookies(bpf),
        Feature::UprobeMulti => uprobe_multi(bpf),
        Feature::ContextTags => context_tags(bpf),
        Feature::ReadsApart => reads_apart(bpf),
        Feature::Btf => btf_is_taken(bpf, &Blob::int()),
        kind => match btf_is_taken(bpf, &btf_with(kind)?)? {
            true => Some(true),
            // Only if BTF as such is taken is it the kind that is not.
            false => btf_is_taken(bpf, &Blob::int())?.then_some(false),
        },
    }
}

fn array(bpf: &Bpf, map_flags: u32, name: ObjName) -> Result<(), Errno> {
    let create = MapCreate {
        map_type: MapType::ARRAY,
        key_size: 4,
        value_size: 4,
        max_entries: 1,
        map_flags,
        name,
        ..MapCreate::default()
    };
    bpf.map_create(&create).map(drop)
}

/// Loads a program; the smallest that proves something.
pub(crate) fn load(bpf: &Bpf, prog_type: ProgType, insns: &[Insn]) -> Result<ProgFd, Errno> {
    let insns = Insn::encode_all(insns, host());
    let load = ProgLoad { prog_type, insns: &insns, license: c"GPL", ..ProgLoad::default() };
    bpf.prog_load(&load, &mut Log::default())
}

/// The byte order that the kernel takes instructions in.
pub(crate) const fn host() -> Endian {
    if cfg!(target_endian = "big") { Endian::Big } else { Endian::Little }
}

/// Whether a program loads that loads if the probed thing is there. `EPERM` tells nothing.
fn loads(bpf: &Bpf, insns: &[Insn]) -> Option<bool> {
    let trivial = [Insn::mov64_imm(Reg::R0, 0), Insn::exit()];
    match load(bpf, ProgType::SOCKET_FILTER, insns) {
        Ok(_) => Some(true),
        Err(_) => load(bpf, ProgType::SOCKET_FILTER, &trivial).is_ok().then_some(false),
    }
}

/// Whether there is a helper without arguments.
fn helper(bpf: &Bpf, id: FuncId) -> Option<bool> {
    let call = Insn::call(i32::try_from(id.0).ok()?);
    loads(bpf, &[call, Insn::mov64_imm(Reg::R0, 0), Insn::exit()])
}

fn global_data(bpf: &Bpf) -> Option<bool> {
    let create = MapCreate {
        map_type: MapType::ARRAY,
        key_size: 4,
        value_size: 16,
        max_entries: 1,
        ..MapCreate::default()
    };
    let map = bpf.map_create(&create).ok()?;
    let [low, high] = Imm64::MapValue { fd: map.as_fd().as_raw_fd(), offset: 8 }.slots(Reg::R1);
    loads(bpf, &[low, high, Insn::mov64_imm(Reg::R0, 0), Insn::exit()])
}

/// A kernel that knows such links looks at the descriptor of the event, which is none.
fn perf_event_links(bpf: &Bpf) -> Option<bool> {
    let insns = [Insn::mov64_imm(Reg::R0, 0), Insn::exit()];
    let prog = load(bpf, ProgType::TRACEPOINT, &insns).ok()?;
    let create = LinkCreate {
        prog: prog.as_fd(),
        target: Some(AttachTarget::Ifindex(u32::MAX)),
        attach_type: AttachType::PERF_EVENT,
        flags: 0,
        tail: LinkTail::None,
    };
    match bpf.link_create(&create) {
        Err(Errno::BADF) => Some(true),
        Err(Errno::INVAL) => Some(false),
        _ => None,
    }
}

/// A kernel that knows the address of a function wants its type next, which is not told here.
fn callbacks(bpf: &Bpf) -> Option<bool> {
    let [low, high] = Imm64::Func(3).slots(Reg::R1);
    let leave = [Insn::mov64_imm(Reg::R0, 0), Insn::exit()];
    let insns = Insn::encode_all(&[&[low, high], &leave[..], &leave[..]].concat(), host());
    let prog_type = ProgType::SOCKET_FILTER;
    let load = ProgLoad { prog_type, insns: &insns, license: c"GPL", ..ProgLoad::default() };
    let mut buf = vec![0; 4096];
    let mut log = Log { level: 1, buf: &mut buf, true_size: 0 };
    if bpf.prog_load(&load, &mut log).is_ok() {
        return Some(true);
    }
    let said = String::from_utf8_lossy(log.text());
    match said.contains("func_info") {
        true => Some(true),
        false => (said.contains("ld_imm64") || said.contains("unreachable")).then_some(false),
    }
}

/// A helper that tracing programs alone can call.
fn attach_cookies(bpf: &Bpf) -> Option<bool> {
    let call = Insn::call(i32::try_from(FuncId::GET_ATTACH_COOKIE.0).ok()?);
    let end = [Insn::mov64_imm(Reg::R0, 0), Insn::exit()];
    match load(bpf, ProgType::TRACEPOINT, &[&[call], &end[..]].concat()) {
        Ok(_) => Some(true),
        Err(_) => load(bpf, ProgType::TRACEPOINT, &end).is_ok().then_some(false),
    }
}

/// A global function whose argument points to nothing that has a size, but for its tag.
fn context_tags(bpf: &Bpf) -> Option<bool> {
    const FUNC: u32 = 12 << 24;
    let mut blob = Blob::with_int();
    // [2] void *, [3] int (*)(void *a), [4] its global function a, [5] b, [6] the tag of a's argument.
    blob.types(&[0, 2 << 24, 0]).types(&[0, 13 << 24 | 1, 1, 1, 2]);
    blob.types(&[1, FUNC | 1, 3]).types(&[3, FUNC | 1, 3]).types(&[10, 17 << 24, 4, 0]);
    let leave = [Insn::mov64_imm(Reg::R0, 0), Insn::exit()];
    let code = [&[Insn::call_subprogram(1), Insn::exit()], &leave[..]].concat();
    let insns = Insn::encode_all(&code, host());
    // b begins the program, a stands behind it.
    let functions: Vec<u8> = [0_u32, 5, 2, 4].iter().flat_map(|word| word.to_ne_bytes()).collect();
    let tagged = || {
        let btf = bpf.btf_load(&blob.finish(), &mut Log::default(), None).ok()?;
        let load = ProgLoad {
            prog_type: ProgType::SOCKET_FILTER,
            insns: &insns,
            license: c"GPL",
            btf: Some(btf.as_fd()),
            func_info: Records { record_size: 8, bytes: &functions },
            ..ProgLoad::default()
        };
        bpf.prog_load(&load, &mut Log::default()).ok()
    };
    match tagged() {
        Some(_) => Some(true),
        None => load(bpf, ProgType::SOCKET_FILTER, &leave).is_ok().then_some(false),
    }
}

fn reads_apart(bpf: &Bpf) -> Option<bool> {
    let end = [Insn::mov64_imm(Reg::R0, 0), Insn::exit()];
    let add = Opcode::arithmetic(Class::Alu64, Source::Imm, 0);
    let read = [
        Insn::mov64_reg(Reg::R1, Reg::R10),
        Insn { code: add, dst: Reg::R1, src: Reg::R0, off: 0, imm: -8 },
        Insn::mov64_imm(Reg::R2, 8),
        Insn::mov64_imm(Reg::R3, 0),
        Insn::call(i32::try_from(FuncId::PROBE_READ_KERNEL.0).ok()?),
    ];
    match load(bpf, ProgType::TRACEPOINT, &[&read[..], &end[..]].concat()) {
        Ok(_) => Some(true),
        Err(_) => load(bpf, ProgType::TRACEPOINT, &end).is_ok().then_some(false),
    }
}

/// A kernel that knows such links sees that the path is no file; one that takes a process for all its threads, and not for
/// its first alone, sees before that there is no process of such a number.
fn uprobe_multi(bpf: &Bpf) -> Option<bool> {
    let attach_type = AttachType::TRACE_UPROBE_MULTI;
    let insns = Insn::encode_all(&[Insn::mov64_imm(Reg::R0, 0), Insn::exit()], host());
    let load = ProgLoad {
        prog_type: ProgType::KPROBE,
        insns: &insns,
        license: c"GPL",
        expected_attach_type: attach_type,
        ..ProgLoad::default()
    };
    let trivial = [Insn::mov64_imm(Reg::R0, 0), Insn::exit()];
    let Ok(prog) = bpf.prog_load(&load, &mut Log::default()) else {
        // Kernels before 5.0 want kprobes to tell the version, and have no such links.
        return self::load(bpf, ProgType::SOCKET_FILTER, &trivial).is_ok().then_some(false);
    };
    let attempt = |pid| {
        bpf.link_create(&LinkCreate {
            prog: prog.as_fd(),
            target: None,
            attach_type,
            flags: 0,
            tail: LinkTail::UprobeMulti(UprobeMulti {
                path: c"/",
                offsets: &[0],
                ref_ctr_offsets: &[],
                cookies: &[],
                flags: 0,
                pid,
            }),
        })
    };
    match (attempt(0), attempt(u32::MAX)) {
        (Err(Errno::BADF), Err(Errno::INVAL)) => Some(true),
        (Err(Errno::PERM | Errno::ACCESS), _) => None,
        _ => Some(false),
    }
}

fn btf_is_taken(bpf: &Bpf, blob: &[u8]) -> Option<bool> {
    match bpf.btf_load(blob, &mut Log::default(), None) {
        Ok(_) => Some(true),
        Err(Errno::PERM | Errno::ACCESS | Errno::NOMEM) => None,
        Err(_) => Some(false),
    }
}

/// Types of which the last is of the kind in question.
fn btf_with(feature: Feature) -> Option<Vec<u8>> {
    const VAR: u32 = 14 << 24;
    const FUNC: u32 = 12 << 24;
    let mut blob = Blob::with_int();
    match feature {
        // [2] int (*)(void), [3] the function; linkage 0 is static, 1 is global.
        Feature::BtfFunctions => blob.types(&[0, 13 << 24, 1]).types(&[1, FUNC, 2]),
        Feature::BtfGlobalFunctions => blob.types(&[0, 13 << 24, 1]).types(&[1, FUNC | 1, 2]),
        // [2] static int a, [3] the section with it.
        Feature::BtfDataSections => {
            blob.types(&[1, VAR, 1, 0]).types(&[5, 15 << 24 | 1, 4, 2, 0, 4])
        }
        Feature::BtfFloats => blob.types(&[1, 16 << 24, 4]),
        // [2] static int a, [3] its tag.
        Feature::BtfDeclTags => blob.types(&[1, VAR, 1, 0]).types(&[1, 17 << 24, 2, u32::MAX]),
        // [2] the tag, [3] a pointer to it.
        Feature::BtfTypeTags => blob.types(&[1, 18 << 24, 1]).types(&[0, 2 << 24, 2]),
        Feature::BtfEnum64 => blob.types(&[0, KIND_FLAG | 19 << 24 | 1, 8, 1, 0, 1]),
        _ => return None,
    };
    Some(blob.finish())
}

#[cfg(test)]
mod tests;
