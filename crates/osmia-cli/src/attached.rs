//! Which programs are attached to a place, in the order in which they run.

use std::collections::HashMap;

use osmia_abi::AttachType;
use osmia_abi::flags::BPF_F_QUERY_EFFECTIVE;
use osmia_btf::TypeId;
use osmia_sys::{AttachTarget, Bpf, Errno, ProgQuery};

use crate::select::names::Names;
use crate::select::progs::Prog;

/// Places with more programs than this are asked again with more room.
const ROOM: usize = 64;
/// How often a place is asked whose programs change.
const ATTEMPTS: usize = 8;

/// A program at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Its id.
    pub prog: u32,
    /// The link that holds it there, where that is told.
    pub link: Option<u32>,
    /// `BPF_F_ALLOW_*` and others.
    pub flags: u32,
}

/// What is attached to a place.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The programs in the order in which they run.
    pub programs: Vec<Attached>,
    /// The flags of the place.
    pub flags: u32,
}

/// Asks a place for its programs; those that it inherits too if `effective`.
///
/// # Errors
/// The kernel's.
pub fn query(
    bpf: &Bpf,
    target: AttachTarget<'_>,
    attach_type: AttachType,
    effective: bool,
) -> Result<Place, Errno> {
    let mut room = ROOM;
    for _ in 0..ATTEMPTS {
        let mut lists = Lists::new(room);
        // Flags of programs are not told for those that are inherited, and links only by some kernels and places.
        let asked = match lists.ask(bpf, target, attach_type, effective, true) {
            Err(Errno::INVAL | Errno::TOOBIG) => {
                lists.ask(bpf, target, attach_type, effective, false)
            }
            asked => asked,
        };
        match asked {
            Ok(place) => return Ok(place),
            Err(Errno::NOSPC) => room *= 4,
            Err(errno) => return Err(errno),
        }
    }
    Err(Errno::NOSPC)
}

struct Lists {
    progs: Vec<u32>,
    flags: Vec<u32>,
    links: Vec<u32>,
}

impl Lists {
    fn new(room: usize) -> Self {
        Self { progs: vec![0; room], flags: vec![0; room], links: vec![0; room] }
    }

    fn ask(
        &mut self,
        bpf: &Bpf,
        target: AttachTarget<'_>,
        attach_type: AttachType,
        effective: bool,
        all: bool,
    ) -> Result<Place, Errno> {
        // Only places on interfaces tell links; the others take the room for an unknown request.
        let on_interface = matches!(target, AttachTarget::Ifindex(_));
        let flags: &mut [u32] = if all && !effective { &mut self.flags } else { &mut [] };
        let links: &mut [u32] = if all && on_interface { &mut self.links } else { &mut [] };
        let mut query = ProgQuery {
            target,
            attach_type,
            query_flags: if effective { BPF_F_QUERY_EFFECTIVE } else { 0 },
            prog_ids: &mut self.progs,
            prog_attach_flags: flags,
            link_ids: links,
        };
        let answer = bpf.prog_query(&mut query)?;
        if answer.count as usize > self.progs.len() {
            return Err(Errno::NOSPC);
        }
        let programs = self.progs.iter().zip(&self.flags).zip(&self.links);
        let programs = programs.take(answer.count as usize).map(|((&prog, &flags), &link)| {
            Attached { prog, link: (link != 0).then_some(link), flags }
        });
        Ok(Place { programs: programs.collect(), flags: answer.attach_flags })
    }
}

/// What is shown of a program that is attached somewhere.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Its name; empty if it is gone or has none.
    pub name: String,
    /// The function that it was loaded for, where it was for one.
    pub function: String,
    /// The BTF that this function is in, and its number there; zero where there is none.
    pub function_id: (u32, u32),
}

/// Programs by their ids, each asked for once.
#[derive(Debug)]
pub struct ProgramNames {
    bpf: Bpf,
    names: Names,
    known: HashMap<u32, Known>,
}

impl ProgramNames {
    /// None is known yet.
    pub fn new(bpf: &Bpf) -> Self {
        Self { bpf: bpf.clone(), names: Names::default(), known: HashMap::new() }
    }

    /// The name of a program; empty if it is gone or has none.
    pub fn of(&mut self, id: u32) -> String {
        self.known(id).name.clone()
    }

    /// What is known of a program; nothing if it is gone.
    pub fn known(&mut self, id: u32) -> &Known {
        let Self { bpf, names, known } = self;
        known.entry(id).or_insert_with(|| ask(bpf, names, id).unwrap_or_default())
    }
}

fn ask(bpf: &Bpf, names: &mut Names, id: u32) -> Option<Known> {
    let prog = Prog::ask(bpf, bpf.prog_by_id(id).ok()?).ok()?;
    let function_id = (prog.info.attach_btf_obj_id, prog.info.attach_btf_id);
    let function = match function_id {
        (0, _) | (_, 0) => None,
        (object, id) => crate::btf::source::of_id(object)
            .ok()
            .and_then(|btf| Some(btf.ty(TypeId(id)).ok()?.name().to_owned())),
    };
    let function = function.unwrap_or_default();
    Some(Known { name: names.of(bpf, &prog), function, function_id })
}
