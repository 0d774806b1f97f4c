//! What a loaded program's instructions refer to, by the names of maps and variables.

use std::collections::HashMap;

use osmia_btf::{Btf, TypeId};
use osmia_insn::{Imm64, Operation};
use osmia_sys::Bpf;

use crate::select::names;
use crate::select::progs::Prog;
use crate::select::text;

/// The maps that a program may refer to, each looked at when it is met first.
pub struct Referred {
    bpf: Bpf,
    ids: Vec<u32>,
    known: HashMap<u32, Option<Known>>,
}

struct Known {
    name: String,
    /// The type of the values, if they are variables.
    section: Option<(Btf, TypeId)>,
}

impl Referred {
    /// The maps of a program.
    pub fn new(bpf: &Bpf, prog: &Prog) -> Self {
        Self { bpf: bpf.clone(), ids: prog.map_ids.clone(), known: HashMap::new() }
    }

    /// What an instruction loads the address of, in a few words; empty if that is no map.
    pub fn note(&mut self, operation: Operation) -> String {
        let Operation::LdImm64 { value, .. } = operation else { return String::new() };
        match value {
            Imm64::MapFd(id) => self.map(id).map(|known| known.name.clone()),
            Imm64::MapValue { fd, offset } => self.map(fd).map(|known| known.place(offset as u32)),
            _ => None,
        }
        .unwrap_or_default()
    }

    fn map(&mut self, id: i32) -> Option<&Known> {
        let id = u32::try_from(id).ok().filter(|id| self.ids.contains(id))?;
        let bpf = &self.bpf;
        self.known.entry(id).or_insert_with(|| Known::ask(bpf, id)).as_ref()
    }
}

impl Known {
    fn ask(bpf: &Bpf, id: u32) -> Option<Self> {
        let map = bpf.map_by_id(id, 0).ok()?;
        let info = bpf.map_info(&map).ok()?;
        let is_section =
            info.btf_id != 0 && info.btf_value_type_id != 0 && info.btf_key_type_id == 0;
        let btf = if is_section { names::read(bpf, info.btf_id) } else { None };
        let section = btf.map(|btf| (btf, TypeId(info.btf_value_type_id)));
        Some(Self { name: text(&info.name), section })
    }

    /// The variable at this offset, or the map and the offset.
    fn place(&self, offset: u32) -> String {
        self.variable(offset).unwrap_or_else(|| format!("{}+{offset}", self.name))
    }

    fn variable(&self, offset: u32) -> Option<String> {
        let (btf, section) = self.section.as_ref()?;
        let section = btf.ty(*section).ok()?;
        let found = section.section_vars().find(|var| {
            (var.offset..var.offset.saturating_add(var.size.max(1))).contains(&offset)
        })?;
        let name = btf.ty(found.var).ok()?.name();
        Some(match offset - found.offset {
            0 => name.to_owned(),
            behind => format!("{name}+{behind}"),
        })
    }
}
