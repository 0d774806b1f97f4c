//! Programs of the kernel.

use osmia_abi::BpfProgInfo;
use osmia_sys::{Bpf, Errno, FdKind, IdKind, ProgFd, ProgInfoBufs};

use crate::failure::Failure;
use crate::select::names::Names;
use crate::select::{each_id, not_by_id, pinned, text};
use crate::selector::Selector;
use osmia_btf::near::nearest;

/// Room for the ids of most programs' maps, which spares a second call.
const MAPS: usize = 64;

/// An open program, and what the kernel tells of it.
#[derive(Debug)]
pub struct Prog {
    /// The program.
    pub fd: ProgFd,
    /// What the kernel tells of it; what its pointers pointed to is gone.
    pub info: BpfProgInfo,
    /// The ids of its maps.
    pub map_ids: Vec<u32>,
    /// The type of its first function, in its BTF.
    pub entry: Option<u32>,
}

impl Prog {
    /// Asks the kernel about an open program.
    ///
    /// # Errors
    /// The kernel's.
    pub fn ask(bpf: &Bpf, fd: ProgFd) -> Result<Self, Errno> {
        let (mut map_ids, mut entry) = ([0; MAPS], [[0; 8]]);
        let mut bufs = ProgInfoBufs {
            map_ids: &mut map_ids,
            func_info: &mut entry,
            ..ProgInfoBufs::default()
        };
        let info = bpf.prog_info(&fd, &mut bufs)?;
        let [[_, _, _, _, entry @ ..]] = entry;
        let entry = (info.btf_id != 0 && info.nr_func_info > 0).then(|| u32::from_ne_bytes(entry));
        let count = info.nr_map_ids as usize;
        let map_ids = match map_ids.get(..count) {
            Some(ids) => ids.to_vec(),
            None => many_maps(bpf, &fd, count)?,
        };
        Ok(Self { fd, info, map_ids, entry })
    }

    /// The name that the kernel keeps of it: at most 15 bytes.
    pub fn short_name(&self) -> String {
        text(&self.info.name)
    }

    fn has_name(&self, bpf: &Bpf, names: &mut Names, name: &str) -> bool {
        let short = self.short_name();
        short == name || name.starts_with(&short) && names.of(bpf, self) == name
    }
}

fn many_maps(bpf: &Bpf, fd: &ProgFd, count: usize) -> Result<Vec<u32>, Errno> {
    let mut ids = vec![0; count];
    let mut bufs = ProgInfoBufs { map_ids: &mut ids, ..ProgInfoBufs::default() };
    let count = bpf.prog_info(fd, &mut bufs)?.nr_map_ids as usize;
    ids.truncate(count);
    Ok(ids)
}

/// All programs, in the order of their ids.
///
/// # Errors
/// The kernel does not tell: it takes `CAP_SYS_ADMIN`.
pub fn all(bpf: &Bpf) -> Result<Vec<Prog>, Failure> {
    let mut progs = Vec::new();
    each_id(bpf, IdKind::Prog, "program", |id| {
        progs.push(Prog::ask(bpf, bpf.prog_by_id(id)?)?);
        Ok(())
    })?;
    Ok(progs)
}

/// The programs that are meant: at least one.
///
/// # Errors
/// There is none, or the kernel does not tell.
pub fn several(bpf: &Bpf, selector: &Selector) -> Result<Vec<Prog>, Failure> {
    let asked = |errno| not_by_id(selector, "program", errno);
    match selector {
        Selector::Id(id) => {
            let fd = bpf.prog_by_id(*id).map_err(asked)?;
            Ok(vec![Prog::ask(bpf, fd).map_err(asked)?])
        }
        Selector::Pinned(path) => {
            let fd = ProgFd::new(pinned(bpf, FdKind::Prog, path)?).map_err(asked)?;
            Ok(vec![Prog::ask(bpf, fd).map_err(asked)?])
        }
        Selector::Name(name) => {
            let (all, mut names) = (all(bpf)?, Names::default());
            let known: Vec<String> = all.iter().map(Prog::short_name).collect();
            let found: Vec<Prog> =
                all.into_iter().filter(|prog| prog.has_name(bpf, &mut names, name)).collect();
            if found.is_empty() {
                let near = nearest(name, known.iter().map(String::as_str));
                let none = selector.none("program");
                return Err(match near {
                    Some(near) => none.with_hint(&format!("did you mean {near}?")),
                    None => none,
                });
            }
            Ok(found)
        }
        Selector::Tag(tag) => {
            let mut found = all(bpf)?;
            found.retain(|prog| prog.info.tag == *tag);
            if found.is_empty() { Err(selector.none("program")) } else { Ok(found) }
        }
    }
}

/// The one program that is meant.
///
/// # Errors
/// There is none, or there are several.
pub fn one(bpf: &Bpf, selector: &Selector) -> Result<Prog, Failure> {
    let mut found = several(bpf, selector)?;
    match (found.pop(), found.is_empty()) {
        (Some(prog), true) => Ok(prog),
        (Some(last), false) => {
            let ids: Vec<u32> = found.iter().chain([&last]).map(|prog| prog.info.id).collect();
            Err(selector.several("program", &ids))
        }
        (None, _) => Err(selector.none("program")),
    }
}
