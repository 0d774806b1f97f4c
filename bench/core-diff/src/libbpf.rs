//! Relocation by libbpf: the functions inside of it that its loader calls, too.
//!
//! They are not exported, but a static library has them all the same. The layouts are
//! those of libbpf 1.7.

use std::collections::HashMap;
use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr;

use libbpf_sys::{btf, btf__free, btf__name_by_offset, btf__new, btf__new_split};
use libbpf_sys::{btf__set_pointer_size, btf__type_by_id, btf__type_cnt, libbpf_set_print};

use crate::outcome::{Outcome, Values};
use crate::program::{Raw, Site};

#[repr(C)]
struct Relo {
    insn_off: u32,
    type_id: u32,
    access_str_off: u32,
    kind: u32,
}

#[repr(C)]
struct Candidate {
    btf: *const btf,
    id: u32,
}

#[repr(C)]
struct Candidates {
    list: *mut Candidate,
    len: c_int,
}

#[repr(C)]
#[derive(Default)]
struct Resolved {
    original: u64,
    new: u64,
    poison: bool,
    validate: bool,
    wrong_width: bool,
    original_size: u32,
    original_type: u32,
    new_size: u32,
    new_type: u32,
}

unsafe extern "C" {
    fn bpf_core_essential_name_len(name: *const c_char) -> usize;
    fn bpf_core_add_cands(
        local: *mut Candidate,
        essential: usize,
        target: *const btf,
        name: *const c_char,
        start: c_int,
        list: *mut Candidates,
    ) -> c_int;
    fn bpf_core_calc_relo_insn(
        program: *const c_char,
        relo: *const Relo,
        number: c_int,
        local: *const btf,
        candidates: *mut Candidates,
        scratch: *mut c_void,
        result: *mut Resolved,
    ) -> c_int;
    fn bpf_core_patch_insn(
        program: *const c_char,
        insn: *mut Raw,
        index: c_int,
        relo: *const Relo,
        number: c_int,
        result: *const Resolved,
    ) -> c_int;
}

pub fn silence() {
    // SAFETY: no print function is what silences libbpf.
    unsafe { libbpf_set_print(None) };
}

pub struct Loader {
    local: *mut btf,
    kernel: *mut btf,
    modules: Vec<(CString, *mut btf)>,
    known: HashMap<u32, Candidates>,
    scratch: Vec<u64>,
}

impl Loader {
    pub fn new(local: &[u8], kernel: &[u8], modules: &[(String, Vec<u8>)]) -> Self {
        // SAFETY: libbpf copies the bytes; null is checked.
        unsafe {
            let open = |bytes: &[u8], base: *mut btf| {
                let data = bytes.as_ptr().cast();
                let opened = match base.is_null() {
                    true => btf__new(data, bytes.len() as u32),
                    false => btf__new_split(data, bytes.len() as u32, base),
                };
                assert!(!opened.is_null(), "libbpf does not open the BTF");
                opened
            };
            let local = open(local, ptr::null_mut());
            btf__set_pointer_size(local, 8);
            let kernel = open(kernel, ptr::null_mut());
            let modules = modules
                .iter()
                .map(|(name, bytes)| (CString::new(name.as_str()).unwrap(), open(bytes, kernel)))
                .collect();
            // Three specs of some 1.3 KB each.
            Self { local, kernel, modules, known: HashMap::new(), scratch: vec![0; 1024] }
        }
    }

    pub fn forget(&mut self) {
        self.known.clear();
    }

    pub fn relocate(&mut self, site: &Site) -> Outcome {
        let record = &site.record;
        let relo = Relo {
            insn_off: record.insn.0,
            type_id: record.ty.0,
            access_str_off: record.access.0,
            kind: record.kind,
        };
        if !self.known.contains_key(&record.ty.0) {
            match self.search(record.ty.0) {
                Some(found) => drop(self.known.insert(record.ty.0, found)),
                // Local type ids need none.
                None if record.kind == 6 => {}
                None => return Outcome::Refused,
            }
        }
        let mut none = Candidates { list: ptr::null_mut(), len: 0 };
        let candidates = self.known.get_mut(&record.ty.0).unwrap_or(&mut none);
        let mut result = Resolved::default();
        let program = c"program".as_ptr();
        // SAFETY: all pointers are to values that outlive the calls; the patch touches
        // two instructions at most.
        unsafe {
            let scratch = self.scratch.as_mut_ptr().cast();
            let refused = bpf_core_calc_relo_insn(
                program,
                &relo,
                0,
                self.local,
                candidates,
                scratch,
                &mut result,
            );
            if refused != 0 {
                return Outcome::Refused;
            }
            let mut code = site.code;
            let refused = bpf_core_patch_insn(program, code.as_mut_ptr(), 0, &relo, 0, &result);
            Outcome::Done {
                code: (refused == 0).then_some(code),
                result: Values {
                    original: result.original,
                    new: result.new,
                    poison: result.poison,
                    validate: result.validate,
                    wrong_width: result.wrong_width,
                    // Not filled in where the result is poison.
                    original_size: if result.poison { 0 } else { result.original_size },
                    new_size: if result.poison { 0 } else { result.new_size },
                },
            }
        }
    }

    fn search(&self, id: u32) -> Option<Candidates> {
        // SAFETY: ids and name offsets that libbpf does not know give null, which is checked.
        unsafe {
            let ty = btf__type_by_id(self.local, id);
            let name = btf__name_by_offset(self.local, ty.as_ref()?.name_off);
            if name.is_null() || *name == 0 {
                return None;
            }
            let essential = bpf_core_essential_name_len(name);
            let mut found = Candidates { list: ptr::null_mut(), len: 0 };
            let mut local = Candidate { btf: self.local, id };
            let mut add = |target, name, start| {
                bpf_core_add_cands(&mut local, essential, target, name, start, &mut found) == 0
            };
            if !add(self.kernel, c"vmlinux".as_ptr(), 1) {
                return None;
            }
            if found.len > 0 {
                return Some(found);
            }
            let start = btf__type_cnt(self.kernel) as c_int;
            for (name, module) in &self.modules {
                let mut add = |target, name, start| {
                    bpf_core_add_cands(&mut local, essential, target, name, start, &mut found) == 0
                };
                if !add(*module, name.as_ptr(), start) {
                    return None;
                }
            }
            Some(found)
        }
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        // SAFETY: nothing refers to them any more; candidates' lists are left to the
        // end of the process.
        unsafe {
            for (_, module) in &self.modules {
                btf__free(*module);
            }
            btf__free(self.kernel);
            btf__free(self.local);
        }
    }
}
