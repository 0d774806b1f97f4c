//! Whole names of programs, where the kernel keeps 15 bytes.

use std::collections::HashMap;

use osmia_abi::flags::BPF_OBJ_NAME_LEN;
use osmia_btf::{Btf, TypeId};
use osmia_sys::Bpf;

use crate::select::progs::Prog;

/// The types of programs, each BTF read once.
#[derive(Debug, Default)]
pub struct Names(HashMap<u32, Option<Btf>>);

impl Names {
    /// The name of a program: its function's if its BTF tells it, else what the kernel keeps.
    pub fn of(&mut self, bpf: &Bpf, prog: &Prog) -> String {
        let short = prog.short_name();
        if short.len() < BPF_OBJ_NAME_LEN - 1 {
            return short;
        }
        match self.function(bpf, prog) {
            Some(name) if name.starts_with(&short) => name,
            _ => short,
        }
    }

    fn function(&mut self, bpf: &Bpf, prog: &Prog) -> Option<String> {
        let entry = prog.entry?;
        let btf = self.0.entry(prog.info.btf_id).or_insert_with(|| read(bpf, prog.info.btf_id));
        Some(btf.as_ref()?.ty(TypeId(entry)).ok()?.name().to_owned())
    }
}

/// Most programs' types have fewer bytes, which spares a question for their number.
const USUAL: usize = 8192;

/// The BTF of a program or map with this id.
pub fn read(bpf: &Bpf, id: u32) -> Option<Btf> {
    let fd = bpf.btf_by_id(id, None).ok()?;
    let mut bytes = vec![0; USUAL];
    let size = bpf.btf_info(&fd, &mut bytes, &mut []).ok()?.btf_size as usize;
    bytes.resize(size, 0);
    if size > USUAL {
        bpf.btf_info(&fd, &mut bytes, &mut []).ok()?;
    }
    Btf::parse(bytes.into(), None).ok()
}
