//! Which processes hold which BPF objects.

mod iterator;
mod procfs;
mod program;

use std::collections::HashMap;

use osmia_sys::{Bpf, FdKind};
use serde::Serialize;

/// A process that has an object open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// Its number.
    pub pid: u32,
    /// Its name.
    pub comm: String,
}

/// The processes that have objects of a kind open, by the objects' ids.
#[derive(Debug, Default)]
pub struct Holders(HashMap<u32, Vec<Holder>>);

impl Holders {
    /// The processes that have objects of this kind open, of those that the user may look into.
    pub fn find(bpf: &Bpf, kind: FdKind) -> Self {
        // Whatever keeps the kernel from telling, procfs tells without it.
        let mut found = iterator::search(bpf, kind).unwrap_or_else(|| procfs::search(kind));
        found.0.values_mut().for_each(|holders| holders.sort_by_key(|holder| holder.pid));
        found
    }

    /// The processes that have this object open, in the order of their numbers.
    pub fn of(&self, id: u32) -> &[Holder] {
        self.0.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Notes a descriptor of an object; those of a process come one after the other.
    fn add(&mut self, id: u32, pid: u32, comm: &str) {
        let known = self.0.entry(id).or_default();
        if known.last().is_none_or(|last| last.pid != pid) {
            known.push(Holder { pid, comm: comm.to_owned() });
        }
    }

    fn extend(&mut self, other: Self) {
        for (id, holders) in other.0 {
            self.0.entry(id).or_default().extend(holders);
        }
    }
}

/// The processes in one line: `name(pid)`, and how many more there are.
pub fn text(holders: &[Holder]) -> String {
    const SHOWN: usize = 3;
    let shown = holders.iter().take(SHOWN);
    let mut text: Vec<String> =
        shown.map(|holder| format!("{}({})", holder.comm, holder.pid)).collect();
    if holders.len() > SHOWN {
        text.push(format!("+{}", holders.len() - SHOWN));
    }
    text.join(" ")
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;
    use std::process::Command;

    use osmia_abi::{MapType, ProgType};
    use osmia_insn::{Endian, Insn, Reg};
    use osmia_sys::{Bpf, FdKind, IdKind, Log, MapCreate, ProgInfoBufs, ProgLoad};
    use osmia_testkit::gate::Gate;
    use rustix::io::{FdFlags, fcntl_setfd};

    use super::{Holder, iterator, procfs, text};

    #[test]
    fn the_kernel_and_procfs_tell_the_same() {
        let Some(gate) = Gate::root() else { return };
        let bpf = Bpf::kernel();
        let map = MapCreate {
            map_type: MapType::ARRAY,
            key_size: 4,
            value_size: 4,
            max_entries: 1,
            ..MapCreate::default()
        };
        let map = bpf.map_create(&map).unwrap();
        let end = [Insn::mov64_imm(Reg::R0, 0), Insn::exit()];
        let prog = ProgLoad {
            prog_type: ProgType::SOCKET_FILTER,
            insns: &Insn::encode_all(&end, Endian::NATIVE),
            license: c"GPL",
            ..ProgLoad::default()
        };
        let prog = bpf.prog_load(&prog, &mut Log::default()).unwrap();
        let btf = bpf.next_id(IdKind::Btf, 0).unwrap().unwrap();
        let btf_fd = bpf.btf_by_id(btf, None).unwrap();
        let inherited = |fd: &dyn AsFd| fcntl_setfd(fd.as_fd(), FdFlags::empty()).unwrap();
        inherited(&map);
        inherited(&prog);
        inherited(&btf_fd);
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let holder = Holder { pid: child.id(), comm: "sleep".into() };
        let map_id = bpf.map_info(&map).unwrap().id;
        let prog_id = bpf.prog_info(&prog, &mut ProgInfoBufs::default()).unwrap().id;
        let kinds = [(FdKind::Map, map_id), (FdKind::Prog, prog_id), (FdKind::Btf, btf)];
        let mut told = true;
        let found = kinds.map(|(kind, id)| {
            let iterated = iterator::search(&bpf, kind);
            told &= iterated.is_some();
            let iterated = iterated.is_none_or(|found| found.of(id).contains(&holder));
            (iterated, procfs::search(kind).of(id).contains(&holder))
        });
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(found, [(true, true); 3]);
        let _skipped = !gate.needs("walks through the files of tasks", "5.8", told);
    }

    #[test]
    fn many_processes_are_counted() {
        let holder = |pid| Holder { pid, comm: "x".into() };
        assert_eq!(text(&[holder(1)]), "x(1)");
        assert_eq!(text(&[1, 2, 3, 4, 5].map(holder)), "x(1) x(2) x(3) +2");
    }
}
