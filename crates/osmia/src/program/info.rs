//! What a kernel tells of a program.

use std::time::Duration;

use osmia_abi::{BpfProgInfo, ProgType};
use osmia_sys::{Errno, ProgInfoBufs};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::program::kernel_program::KernelProgram;
use crate::program::{Program, short_name};

/// What a kernel tells of a program. What it does not know is 0 or empty.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProgramInfo {
    /// Its id.
    pub id: u32,
    /// Its name: its function's where BTF tells that, else what the kernel keeps of it (15 bytes).
    pub name: String,
    /// Its type.
    pub prog_type: ProgType,
    /// The hash of its instructions.
    pub tag: [u8; 8],
    /// Who loaded it.
    pub uid: u32,
    /// Whether its licence lets it call helpers that are for GPL programs alone.
    pub gpl_compatible: bool,
    /// When it was loaded, since the boot.
    pub loaded_at: Duration,
    /// The ids of the maps that it uses.
    pub map_ids: Vec<u32>,
    /// The id of the BTF that describes it, 0 if none does.
    pub btf_id: u32,
    /// The bytes of its instructions after verification.
    pub xlated_len: u32,
    /// The bytes of its machine code, 0 if it is interpreted.
    pub jited_len: u32,
    /// How many instructions the verifier looked at, counting each time it did (since 5.16).
    pub verified_insns: u32,
    /// How long it ran altogether, while statistics were on.
    pub run_time: Duration,
    /// How often it ran, while statistics were on.
    pub run_count: u64,
    /// How often it was not run, because it was running already on that CPU (since 5.12).
    pub recursion_misses: u64,
    /// The interface that it is offloaded to, 0 otherwise.
    pub ifindex: u32,
}

/// Asks the kernel.
pub(super) fn of(program: &Program, place: &KernelProgram) -> Result<ProgramInfo, Error> {
    let bpf = place.kernel_value().bpf();
    let failed = |errno: Errno| {
        let what = format!("ask for the info of program `{}`", program.name());
        Error::new(ErrorKind::System, what).caused_by(errno)
    };
    let info = bpf.prog_info(place.fd(), &mut ProgInfoBufs::default()).map_err(failed)?;
    let mut map_ids = vec![0; info.nr_map_ids as usize];
    if !map_ids.is_empty() {
        let mut bufs = ProgInfoBufs { map_ids: &mut map_ids, ..ProgInfoBufs::default() };
        let count = bpf.prog_info(place.fd(), &mut bufs).map_err(failed)?.nr_map_ids;
        map_ids.truncate(count as usize);
    }
    Ok(told(program, &info, map_ids))
}

fn told(program: &Program, info: &BpfProgInfo, map_ids: Vec<u32>) -> ProgramInfo {
    let short = short_name(info);
    let name = if program.name().starts_with(&short) { program.name().to_owned() } else { short };
    ProgramInfo {
        id: info.id,
        name,
        prog_type: info.type_,
        tag: info.tag,
        uid: info.created_by_uid,
        gpl_compatible: info.gpl_compatible & 1 == 1,
        loaded_at: Duration::from_nanos(info.load_time),
        map_ids,
        btf_id: info.btf_id,
        xlated_len: info.xlated_prog_len,
        jited_len: info.jited_prog_len,
        verified_insns: info.verified_insns,
        run_time: Duration::from_nanos(info.run_time_ns),
        run_count: info.run_cnt,
        recursion_misses: info.recursion_misses,
        ifindex: info.ifindex,
    }
}
