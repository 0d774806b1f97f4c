//! Instructions that came later than BPF itself.
//!
//! No type tells which of them a kernel has. Each is told by something else that came with the same release, and goes with
//! it where it was backported.

use osmia_abi::{AttachType, FuncId, MapType};
use osmia_btf::Kind;
use osmia_insn::{AluOp, AtomicOp, ByteOrder, Operation};

use crate::finding::{Finding, Subject, Weight};
use crate::kernel::Kernel;

/// A function that came with 6.15.
const SINCE_6_15: &str = "bpf_cpumask_populate";

/// Instructions that came with one release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Added {
    /// With 5.12.
    Atomics,
    /// With 6.6.
    V4,
    /// With 6.9.
    MayGoto,
    /// With 6.9.
    ArenaCasts,
    /// With 6.15.
    OrderedAccess,
}

impl Added {
    /// What an instruction came with, unless every kernel with types has it.
    pub fn of(operation: Operation) -> Option<Self> {
        match operation {
            Operation::Load { signed: true, .. }
            | Operation::MovSx { .. }
            | Operation::GotoL { .. }
            | Operation::Endian { order: ByteOrder::Swap, .. }
            | Operation::Alu { op: AluOp::SDiv | AluOp::SMod, .. } => Some(Self::V4),
            Operation::MayGoto { .. } => Some(Self::MayGoto),
            Operation::AddrSpaceCast { .. } => Some(Self::ArenaCasts),
            Operation::LoadAcquire { .. } | Operation::StoreRelease { .. } => {
                Some(Self::OrderedAccess)
            }
            Operation::Atomic { op, .. } => (op != AtomicOp::Add).then_some(Self::Atomics),
            _ => None,
        }
    }

    /// Whether the kernel has them, or its types tell nothing of the kind.
    fn is_in(self, kernel: &Kernel) -> Result<bool, osmia_btf::Error> {
        Ok(match self {
            Self::Atomics => kernel.helpers.has(FuncId::CHECK_MTU.0),
            Self::V4 => kernel.attach_types.has(AttachType::TCX_INGRESS.0),
            Self::MayGoto | Self::ArenaCasts => kernel.map_types.has(MapType::ARENA.0),
            Self::OrderedAccess => {
                !kernel.is_whole() || kernel.btf().find(Kind::Func, SINCE_6_15)?.is_some()
            }
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Atomics => "atomics other than an addition without its result",
            Self::V4 => "the instructions of `-mcpu=v4`",
            Self::MayGoto => "`may_goto`",
            Self::ArenaCasts => "casts of addresses in arenas",
            Self::OrderedAccess => "loads that acquire and stores that release",
        }
    }

    const fn since(self) -> &'static str {
        match self {
            Self::Atomics => "5.12",
            Self::V4 => "6.6",
            Self::MayGoto | Self::ArenaCasts => "6.9",
            Self::OrderedAccess => "6.15",
        }
    }

    const fn help(self) -> &'static str {
        match self {
            Self::Atomics => "`-mcpu=v2`, or `__sync_fetch_and_add` whose result is not used",
            Self::V4 => "compile it with `-mcpu=v3`",
            Self::MayGoto => "end the loop by a bound that the verifier can see",
            Self::ArenaCasts => "arenas came with the same release",
            Self::OrderedAccess => "`__sync_fetch_and_add` orders memory, too",
        }
    }
}

/// What a kernel says to instructions that were added, if it lacks them.
pub(crate) fn check(added: Added, weight: Weight, kernel: &Kernel) -> Option<Finding> {
    let (what, since) = (added.name(), added.since());
    match added.is_in(kernel) {
        Ok(true) => None,
        Ok(false) => {
            let message = format!("this kernel does not know {what}: they came with Linux {since}");
            let finding = Finding::new(weight, Subject::Instruction, message);
            Some(finding.help([added.help().to_owned()]))
        }
        Err(error) => {
            let message = format!("the kernel's BTF is broken: {error}");
            Some(Finding::refused(Subject::Object, message))
        }
    }
}
