//! What this kernel can do, found out by trying.

use osmia_abi::flags::{BPF_F_MMAPABLE, BPF_F_NO_PREALLOC, BPF_F_SLEEPABLE};
use osmia_abi::{AttachType, FuncId, MapType, ProgType};
use osmia_btf::Kind;
use osmia_insn::{Insn, JumpOp, Reg};
use osmia_sys::{Bpf, ENOTSUPP, Errno, Log, MapCreate, MapFd, ProgLoad, page_size};
use std::os::fd::AsFd as _;

use crate::error::Error;
use crate::error::kind::{ErrorKind, Release};
use crate::kernel::Kernel;
use crate::kernel::feature::Feature;
use crate::kernel::features::blob::Blob;
use crate::kernel::features::host;
use crate::kernel::since;

/// Room for what the verifier says of a program of a few instructions.
const LOG: usize = 8192;
/// The most instructions of a program before 5.2.
const OLD_LIMIT: usize = 4096;

/// What the instruction set or the verifier of a kernel can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Language {
    /// Programs of more than 4096 instructions, since 5.2.
    LargePrograms,
    /// Loops that end, since 5.3.
    BoundedLoops,
    /// Jumps on less than, since 4.14 (`-mcpu=v2`).
    InstructionSet2,
    /// Jumps on 32 bits, since 5.1 (`-mcpu=v3`).
    InstructionSet3,
    /// Signed division, moves with sign and long jumps, since 6.6 (`-mcpu=v4`).
    InstructionSet4,
}

/// Something that some kernels can do and others cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KernelFeature {
    /// What it is, in a few words.
    pub name: &'static str,
    /// The kernel in which it came.
    pub since: Release,
    /// Whether this kernel has it; `None` where that cannot be found out, as without capabilities.
    pub there: Option<bool>,
}

/// Each call tries anew: nothing is kept.
impl Kernel {
    /// Whether programs of this type can be loaded.
    ///
    /// # Errors
    /// `Permission`: this user may not load any, or the host forbids the type.
    ///
    /// # Examples
    /// ```no_run
    /// # fn main() -> Result<(), osmia::Error> {
    /// use osmia::ProgType;
    ///
    /// let kernel = osmia::Kernel::running()?;
    /// println!("XDP: {}", kernel.has_program_type(ProgType::XDP)?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn has_program_type(&self, prog_type: ProgType) -> Result<bool, Error> {
        let mut log = vec![0; LOG];
        let end = [Insn::mov64_imm(Reg::R0, 0), Insn::exit()];
        match self.try_load(prog_type, &end, &mut log) {
            Ok(()) => Ok(true),
            Err(Errno::PERM | Errno::ACCESS) if said(&log).is_empty() => {
                Err(forbidden(&format!("load programs of type {prog_type}")))
            }
            // Types that the kernel does not know are refused without a word.
            Err(Errno::INVAL | Errno::TOOBIG) => Ok(!said(&log).is_empty()),
            Err(_) => Ok(true),
        }
    }

    /// Whether maps of this type can be made.
    ///
    /// # Errors
    /// `Permission`: this user may not make any.
    pub fn has_map_type(&self, map_type: MapType) -> Result<bool, Error> {
        match self.try_map(map_type) {
            Ok(_) => Ok(true),
            Err(Errno::PERM) => Err(forbidden(&format!("make maps of type {map_type}"))),
            // The type is known, and wants a struct that only a loader finds.
            Err(errno) => Ok(map_type == MapType::STRUCT_OPS && errno == ENOTSUPP),
        }
    }

    /// Whether programs of this type may call a helper.
    ///
    /// # Errors
    /// `Permission`: this user may not load any program, or the host forbids the type.
    pub fn has_helper(&self, prog_type: ProgType, helper: FuncId) -> Result<bool, Error> {
        let mut log = vec![0; LOG];
        let Ok(number) = i32::try_from(helper.0) else { return Ok(false) };
        let insns = [Insn::call(number), Insn::mov64_imm(Reg::R0, 0), Insn::exit()];
        let errno = match self.try_load(prog_type, &insns, &mut log) {
            Ok(()) => return Ok(true),
            Err(errno) => errno,
        };
        let said = said(&log);
        if said.is_empty() && matches!(errno, Errno::PERM | Errno::ACCESS) {
            return Err(forbidden(&format!("load programs of type {prog_type}")));
        }
        let refusals = ["unknown func ", "invalid func ", "cannot use helper "];
        // Arguments that are missing are found only after the helper was allowed. Without a look at the call (0x85)
        // the verifier has refused the program for another reason: its type wants more than can be made up.
        Ok(said.contains("(85) call") && !refusals.iter().any(|refusal| said.contains(refusal)))
    }

    /// Whether the verifier knows a part of the language.
    ///
    /// # Errors
    /// `Permission`: this user may not load any program.
    pub fn has_language(&self, language: Language) -> Result<bool, Error> {
        let set = |value| Insn::mov64_imm(Reg::R0, value);
        let insns = match language {
            Language::LargePrograms => {
                let mut insns = vec![set(1); OLD_LIMIT];
                insns.push(Insn::exit());
                insns
            }
            Language::BoundedLoops => vec![
                set(10),
                Insn::alu64(osmia_insn::AluOp::Sub, Reg::R0, 1),
                Insn::jump64(JumpOp::Ne, Reg::R0, 0, -2),
                Insn::exit(),
            ],
            Language::InstructionSet2 => {
                vec![set(0), Insn::jump64(JumpOp::Lt, Reg::R0, 0, 1), set(1), Insn::exit()]
            }
            Language::InstructionSet3 => {
                vec![set(0), Insn::jump32(JumpOp::Lt, Reg::R0, 0, 1), set(1), Insn::exit()]
            }
            Language::InstructionSet4 => {
                vec![set(0), Insn::gotol(1), set(1), Insn::exit()]
            }
        };
        match self.try_load(ProgType::SOCKET_FILTER, &insns, &mut []) {
            Ok(()) => Ok(true),
            Err(Errno::PERM) => Err(forbidden("load programs")),
            Err(_) => Ok(false),
        }
    }

    /// What loading relies on, and whether it is there.
    pub fn features(&self) -> impl Iterator<Item = KernelFeature> + '_ {
        Feature::ALL.into_iter().map(|feature| {
            let (name, since) = feature.described();
            KernelFeature { name, since, there: self.known_features().has(self.bpf(), feature) }
        })
    }

    /// In which kernel a program type came, as far as that is known.
    pub fn program_type_since(prog_type: ProgType) -> Option<Release> {
        released(since::prog_type(prog_type), ProgType::ALL.contains(&prog_type))
    }

    /// In which kernel a map type came, as far as that is known.
    pub fn map_type_since(map_type: MapType) -> Option<Release> {
        released(since::map_type(map_type), MapType::ALL.contains(&map_type))
    }

    fn try_load(&self, prog_type: ProgType, insns: &[Insn], log: &mut [u8]) -> Result<(), Errno> {
        let insns = Insn::encode_all(insns, host());
        let (expected_attach_type, attach_btf_id) = self.attached_as(prog_type);
        let load = ProgLoad {
            prog_type,
            insns: &insns,
            license: c"GPL",
            kern_version: self.version_code().unwrap_or(0),
            prog_flags: if prog_type == ProgType::SYSCALL { BPF_F_SLEEPABLE } else { 0 },
            expected_attach_type,
            attach_btf_id,
            ..ProgLoad::default()
        };
        let level = u32::from(!log.is_empty());
        let mut log = Log { level, buf: log, true_size: 0 };
        self.within_memlock(|| self.bpf().prog_load(&load, &mut log)).map(drop)
    }

    /// What `attempt` comes to, once more after `EPERM` if that may have been the limit of locked memory.
    fn within_memlock<T>(&self, mut attempt: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
        match attempt() {
            Err(Errno::PERM) if self.memlock().lift(self) => attempt(),
            outcome => outcome,
        }
    }

    /// How programs of a type want to be attached, where they must say that when they are loaded.
    fn attached_as(&self, prog_type: ProgType) -> (AttachType, u32) {
        let plain = |attach_type| (attach_type, 0);
        match prog_type {
            ProgType::CGROUP_SOCK => plain(AttachType::CGROUP_INET_SOCK_CREATE),
            ProgType::CGROUP_SOCK_ADDR => plain(AttachType::CGROUP_INET4_CONNECT),
            ProgType::CGROUP_SOCKOPT => plain(AttachType::CGROUP_GETSOCKOPT),
            ProgType::SK_LOOKUP => plain(AttachType::SK_LOOKUP),
            ProgType::NETFILTER => plain(AttachType::NETFILTER),
            ProgType::TRACING => {
                // A tracepoint is what hosts forbid last.
                let types = self.own_btf().ok();
                let tracepoint = types.and_then(|btf| {
                    btf.find(Kind::Typedef, "btf_trace_sched_switch").ok().flatten()
                });
                (AttachType::TRACE_RAW_TP, tracepoint.map_or(0, |ty| ty.id().0))
            }
            ProgType::LSM => plain(AttachType::LSM_MAC),
            _ => (AttachType::default(), 0),
        }
    }

    fn try_map(&self, map_type: MapType) -> Result<MapFd, Errno> {
        let bpf = self.bpf();
        let mut create = MapCreate {
            map_type,
            key_size: 4,
            value_size: 4,
            max_entries: 1,
            ..MapCreate::default()
        };
        let (inner, btf);
        match map_type {
            MapType::STACK_TRACE => create.value_size = 8,
            MapType::INSN_ARRAY => create.value_size = 16,
            MapType::LPM_TRIE => {
                (create.key_size, create.map_flags) = (8, BPF_F_NO_PREALLOC);
            }
            MapType::CGROUP_STORAGE | MapType::PERCPU_CGROUP_STORAGE => {
                (create.key_size, create.value_size, create.max_entries) = (16, 8, 0);
            }
            MapType::QUEUE | MapType::STACK | MapType::BLOOM_FILTER => create.key_size = 0,
            MapType::RINGBUF | MapType::USER_RINGBUF => {
                (create.key_size, create.value_size) = (0, 0);
                create.max_entries = u32::try_from(page_size()).map_err(|_| Errno::INVAL)?;
            }
            MapType::ARENA => {
                (create.key_size, create.value_size) = (0, 0);
                create.map_flags = BPF_F_MMAPABLE;
            }
            MapType::STRUCT_OPS => {
                (create.value_size, create.btf_vmlinux_value_type_id) = (0, 1);
            }
            MapType::ARRAY_OF_MAPS | MapType::HASH_OF_MAPS => {
                inner = array(bpf)?;
                create.inner_map = Some(inner.as_fd());
            }
            MapType::SK_STORAGE
            | MapType::INODE_STORAGE
            | MapType::TASK_STORAGE
            | MapType::CGRP_STORAGE => {
                btf = bpf.btf_load(&Blob::int(), &mut Log::default(), None)?;
                create.btf = Some(btf.as_fd());
                (create.btf_key_type_id, create.btf_value_type_id) = (1, 1);
                (create.max_entries, create.map_flags) = (0, BPF_F_NO_PREALLOC);
            }
            _ => {}
        }
        self.within_memlock(|| bpf.map_create(&create))
    }
}

fn array(bpf: &Bpf) -> Result<MapFd, Errno> {
    bpf.map_create(&MapCreate {
        map_type: MapType::ARRAY,
        key_size: 4,
        value_size: 4,
        max_entries: 1,
        ..MapCreate::default()
    })
}

fn said(log: &[u8]) -> &str {
    let text = log.split(|byte| *byte == 0).next().unwrap_or_default();
    std::str::from_utf8(text).unwrap_or("?").trim()
}

fn forbidden(attempt: &str) -> Error {
    let message = format!(
        "{attempt}: the kernel refuses it without a reason, as it does without CAP_BPF and CAP_PERFMON, and \
         where the host's policy forbids it"
    );
    Error::new(ErrorKind::Permission, message)
}

fn released(kind: ErrorKind, known: bool) -> Option<Release> {
    match kind {
        ErrorKind::Unsupported { since, .. } if known => Some(since),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use osmia_abi::{FuncId, MapType, ProgType};
    use osmia_testkit::gate::Gate;

    use super::Language;
    use crate::kernel::Kernel;

    #[test]
    fn this_kernel_is_probed() {
        let Some(_gate) = Gate::root() else { return };
        let kernel = Kernel::running().unwrap();
        assert!(kernel.has_program_type(ProgType::XDP).unwrap());
        assert!(!kernel.has_program_type(ProgType(999)).unwrap());
        for map_type in [MapType::HASH, MapType::LPM_TRIE, MapType::HASH_OF_MAPS] {
            assert!(kernel.has_map_type(map_type).unwrap(), "{map_type}");
        }
        assert!(!kernel.has_map_type(MapType(999)).unwrap());
        assert!(kernel.has_helper(ProgType::XDP, FuncId::MAP_LOOKUP_ELEM).unwrap());
        assert!(!kernel.has_helper(ProgType::XDP, FuncId::SKB_LOAD_BYTES).unwrap());
        assert!(!kernel.has_helper(ProgType::XDP, FuncId(100_000)).unwrap());
        assert!(kernel.has_language(Language::InstructionSet2).unwrap());
        assert!(kernel.features().all(|feature| feature.there.is_some()));
    }
}
