//! Whole names of programs.

use bytes::Bytes;
use osmia_abi::BpfProgInfo;
use osmia_abi::flags::BPF_OBJ_NAME_LEN;
use osmia_btf::{Btf, TypeId};
use osmia_sys::{ProgFd, ProgInfoBufs};

use crate::kernel::Kernel;
use crate::program::short_name;

/// The name of the program's function, which its BTF tells, where the kernel's own may be cut.
pub(super) fn full_name(kernel: &Kernel, fd: &ProgFd, info: &BpfProgInfo) -> String {
    let short = short_name(info);
    if short.len() < BPF_OBJ_NAME_LEN - 1 {
        return short;
    }
    match btf_name(kernel, fd, info) {
        Some(name) if name.starts_with(&short) => name,
        _ => short,
    }
}

fn btf_name(kernel: &Kernel, fd: &ProgFd, info: &BpfProgInfo) -> Option<String> {
    let entry = entry_type(kernel, fd, info)?;
    let btf = own_btf(kernel, info.btf_id)?;
    let name = btf.ty(entry).ok()?.name().to_owned();
    Some(name)
}

/// The type of the program's first function.
fn entry_type(kernel: &Kernel, fd: &ProgFd, info: &BpfProgInfo) -> Option<TypeId> {
    if info.btf_id == 0 || info.nr_func_info == 0 {
        return None;
    }
    let mut func_info = [[0; 8]];
    let mut bufs = ProgInfoBufs { func_info: &mut func_info, ..ProgInfoBufs::default() };
    kernel.bpf().prog_info(fd, &mut bufs).ok()?;
    let [[_, _, _, _, id @ ..]] = func_info;
    Some(TypeId(u32::from_ne_bytes(id)))
}

/// The BTF object with this id.
pub(super) fn own_btf(kernel: &Kernel, id: u32) -> Option<Btf> {
    let fd = kernel.bpf().btf_by_id(id, None).ok()?;
    let size = kernel.bpf().btf_info(&fd, &mut [], &mut []).ok()?.btf_size;
    let mut bytes = vec![0; size as usize];
    kernel.bpf().btf_info(&fd, &mut bytes, &mut []).ok()?;
    Btf::parse(Bytes::from(bytes), None).ok()
}
