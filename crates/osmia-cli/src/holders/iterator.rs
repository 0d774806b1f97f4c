//! Holders, told by the kernel: it walks the open files of all tasks, and a program of ours picks.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use osmia_abi::{AttachType, ProgType};
use osmia_btf::Btf;
use osmia_sys::{Bpf, Errno, FdKind, LinkCreate, LinkTail, Log, ProgLoad, read_btf_file};

use crate::holders::Holders;
use crate::holders::program::{Program, RECORD};
use crate::select::text;

const TYPES: &str = "/sys/kernel/btf/vmlinux";
/// The number that the first of all PID namespaces has.
const FIRST_PIDNS: u64 = 0xefff_fffc;
/// What the kernel has room for at a time.
const ROOM: usize = 32 << 10;

/// The holders of all objects of a kind; `None` where the kernel cannot tell, or not to us.
pub fn search(bpf: &Bpf, kind: FdKind) -> Option<Holders> {
    // Programs see the numbers that processes have in the first namespace.
    if std::fs::metadata("/proc/self/ns/pid").ok()?.ino() != FIRST_PIDNS {
        return None;
    }
    let types = Btf::parse(read_btf_file(Path::new(TYPES)).ok()?, None).ok()?;
    let program = Program::new(&types, kind)?;
    let load = ProgLoad {
        prog_type: ProgType::TRACING,
        insns: &program.insns,
        license: c"Dual MIT/GPL",
        name: "osmia_holders".into(),
        expected_attach_type: AttachType::TRACE_ITER,
        attach_btf_id: program.target,
        ..ProgLoad::default()
    };
    let prog = bpf.prog_load(&load, &mut Log::default()).ok()?;
    let link = bpf.link_create(&LinkCreate {
        prog: prog.as_fd(),
        target: None,
        attach_type: AttachType::TRACE_ITER,
        flags: 0,
        tail: LinkTail::None,
    });
    let told = read(File::from(bpf.iter_create(&link.ok()?).ok()?)).ok()?;
    Some(holders(&told))
}

/// All that the program has to say.
fn read(mut iterator: File) -> io::Result<Vec<u8>> {
    let (mut told, mut room) = (Vec::new(), vec![0; ROOM]);
    loop {
        match iterator.read(&mut room) {
            Ok(0) => return Ok(told),
            Ok(len) => told.extend_from_slice(room.get(..len).unwrap_or_default()),
            // The kernel lets others run after many files without output.
            Err(error) if error.raw_os_error() == Some(Errno::AGAIN.raw_os_error()) => {}
            Err(error) => return Err(error),
        }
    }
}

fn holders(told: &[u8]) -> Holders {
    let me = std::process::id();
    let mut found = Holders::default();
    for record in told.chunks_exact(RECORD) {
        let Some((pid, rest)) = record.split_first_chunk() else { continue };
        let Some((id, comm)) = rest.split_first_chunk() else { continue };
        let (pid, id) = (u32::from_ne_bytes(*pid), u32::from_ne_bytes(*id));
        // What this command has open it holds for a moment only.
        if pid != me {
            found.add(id, pid, &text(comm));
        }
    }
    found
}
