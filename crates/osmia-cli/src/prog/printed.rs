//! What a loaded program can have printed with `bpf_printk`.

use std::ffi::CStr;

use osmia_insn::{Cfg, Imm64, Listing, Operation};
use osmia_sys::Bpf;

use crate::failure::Failure;
use crate::prog::code::Code;
use crate::prog::dump::Look;
use crate::prog::xlated::Xlated;
use crate::run::printk::{PrintkFilter, first_argument};
use crate::select::progs::Prog;

/// The filter for the messages of a program: by the formats that its calls are given.
///
/// # Errors
/// The kernel does not tell its code.
pub fn filter(bpf: &Bpf, prog: &Prog) -> Result<PrintkFilter, Failure> {
    let code = Code::read(bpf, prog)?;
    if code.insns.is_empty() {
        return Ok(PrintkFilter::Anything);
    }
    let cfg = Cfg::new(&code.insns);
    let listing = Xlated::new(bpf, prog, &code, &Look::default());
    let prints = |disasm: &str| {
        let called = disasm.split_once(") call ").map(|(_, called)| called);
        let called = called.and_then(|called| called.split('#').next());
        called.is_some_and(|name| ["bpf_trace_printk", "bpf_trace_vprintk"].contains(&name))
    };
    let calls = listing.insns.iter().filter(|insn| prints(&insn.disasm));
    Ok(PrintkFilter::of_calls(calls.map(|call| format(bpf, &code, &cfg, call.at))))
}

/// The format that the call at this slot is given, if it stands in a map.
fn format(bpf: &Bpf, code: &Code, cfg: &Cfg, call: usize) -> Option<String> {
    let set = first_argument(&code.insns, cfg, call)?;
    let line = Listing::range(&code.insns, set..call).next()?;
    let Operation::LdImm64 { value: Imm64::MapValue { fd: id, offset }, .. } = line.operation()
    else {
        return None;
    };
    let map = bpf.map_by_id(u32::try_from(id).ok()?, 0).ok()?;
    let mut value = vec![0; bpf.map_info(&map).ok()?.value_size as usize];
    bpf.map_lookup(&map, &0_u32.to_ne_bytes(), &mut value, 0).ok()?;
    let text = value.get(usize::try_from(offset).ok()?..)?;
    Some(CStr::from_bytes_until_nul(text).ok()?.to_string_lossy().into_owned())
}
