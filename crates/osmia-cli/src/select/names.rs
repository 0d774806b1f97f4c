//! Whole names of programs and maps, where the kernel keeps 15 bytes.

use std::collections::HashMap;

use osmia_abi::flags::BPF_OBJ_NAME_LEN;
use osmia_btf::{Btf, Kind, Type, TypeId};
use osmia_sys::Bpf;

use crate::select::maps::OpenMap;
use crate::select::progs::Prog;

/// The types of programs and maps, each BTF read once.
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

    /// The name of a map in C, if the kernel has kept no more than the start of it and its BTF tells.
    pub fn of_map(&mut self, bpf: &Bpf, map: &OpenMap) -> Option<String> {
        let short = map.name();
        if short.len() < BPF_OBJ_NAME_LEN - 1 || map.info.btf_id == 0 {
            return None;
        }
        let btf = self.btf(bpf, map.info.btf_id)?;
        let begun = |ty: &Type<'_>| ty.kind() == Kind::Var && ty.name().starts_with(&short);
        let mut found = btf.types().ok()?.filter_map(Result::ok).filter(begun);
        let name = found.next()?.name().to_owned();
        // Of several that begin so it may be any.
        found.next().is_none().then_some(name)
    }

    fn btf(&mut self, bpf: &Bpf, id: u32) -> Option<&Btf> {
        self.0.entry(id).or_insert_with(|| read(bpf, id)).as_ref()
    }

    fn function(&mut self, bpf: &Bpf, prog: &Prog) -> Option<String> {
        let entry = prog.entry?;
        Some(self.btf(bpf, prog.info.btf_id)?.ty(TypeId(entry)).ok()?.name().to_owned())
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
