//! Tables of callbacks for the kernel (`.struct_ops`).

use std::cell::OnceCell;

use indexmap::IndexMap;
use osmia_abi::ProgType;
use osmia_abi::flags::BPF_F_LINK;
use osmia_btf::core_re::Target;
use osmia_object::{MapRole, MapSpec, OpsTable, ProgramSpec};
use osmia_sys::BtfFd;

use crate::error::{Attempt as _, Error};
use crate::kernel::modules::ModuleTypes;
use crate::load::Load;
use crate::load::attach_btf::AttachPlace;
use crate::map::Map;
use crate::program::Program;
use crate::struct_ops::StructOps;

/// The tables of an object, matched against the kernel's structs.
#[derive(Debug, Default)]
pub(super) struct Tables {
    by_map: IndexMap<String, Table>,
}

/// A table, and whose types it is told in.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) ops: OpsTable,
    /// The module that has the struct, if it is not the kernel.
    pub(super) module: Option<String>,
}

impl Table {
    /// The module's types as the kernel holds them.
    pub(super) fn module_fd(&self, load: &Load<'_>) -> Result<Option<BtfFd>, Error> {
        self.module.as_deref().map(|module| load.kernel.module_fd(module)).transpose()
    }
}

impl Tables {
    /// The table of a map.
    pub(super) fn of(&self, map: &str) -> Option<&Table> {
        self.by_map.get(map)
    }

    /// Where in tables a program stands: all of these places must be the same one.
    fn with(&self, program: &str) -> Result<Option<(&Table, u32)>, Error> {
        let mut found: Option<(&Table, u32)> = None;
        for table in self.by_map.values() {
            for one in table.ops.programs.iter().filter(|one| one.program == program) {
                let same = |(other, index): &(&Table, u32)| {
                    other.ops.struct_type == table.ops.struct_type && *index == one.index
                };
                if found.as_ref().is_some_and(|found| !same(found)) {
                    return Err(Error::invalid(
                        "it stands for different members of tables of callbacks, and is verified \
                         for one",
                    ));
                }
                found = Some((table, one.index));
            }
        }
        Ok(found)
    }
}

impl Load<'_> {
    /// Matches the object's tables against the kernel.
    pub(super) fn match_tables(&self) -> Result<Tables, Error> {
        let mut tables = Tables::default();
        let modules = OnceCell::new();
        let specs = self.spec.maps.iter().filter(|(_, spec)| spec.role == MapRole::StructOps);
        for (name, spec) in specs.filter(|(_, spec)| spec.autocreate) {
            let table = self.match_table(spec, &modules);
            tables.by_map.insert(name.clone(), table.attempt(|| format!("map `{name}`"))?);
        }
        Ok(tables)
    }

    fn match_table(&self, spec: &MapSpec, modules: &OnceCell<ModuleTypes>) -> Result<Table, Error> {
        let kernel = self.kernel.own_btf().map_err(|error| {
            error.during(
                "tables of callbacks take the kernel's types, to be matched with its struct",
            )
        })?;
        let all = || modules.get_or_init(|| self.kernel.modules()).targets.as_slice();
        let ops = self.spec.ops_table(spec, &Target::new("vmlinux", kernel), all)?;
        let at = ops.place.checked_sub(1);
        let module = at.and_then(|at| Some(modules.get()?.targets.get(at)?.name().to_owned()));
        Ok(Table { ops, module })
    }

    /// What a program of a table is verified for.
    pub(super) fn ops_place(&self, spec: &ProgramSpec) -> Result<AttachPlace, Error> {
        let Some((table, index)) = self.tables.with(&spec.name)? else {
            return Err(Error::invalid(
                "it is for a table of callbacks, and stands in none: name it in a variable in \
                 SEC(\".struct_ops\")",
            ));
        };
        Ok(AttachPlace {
            id: table.ops.struct_type.0,
            module: table.module_fd(self)?,
            member: Some(index),
            ..AttachPlace::default()
        })
    }

    /// Whether a program is only for tables that are not created.
    pub(super) fn is_of_no_table(&self, spec: &ProgramSpec) -> bool {
        let all = self.spec.maps.values().filter(|map| map.role == MapRole::StructOps);
        let names_it = |map: &&MapSpec| map.pointers.iter().any(|one| one.symbol == spec.name);
        let mut tables = all.filter(names_it).peekable();
        spec.prog_type == Some(ProgType::STRUCT_OPS)
            && tables.peek().is_some()
            && tables.all(|map| !map.autocreate)
    }

    /// The tables, ready to be attached.
    pub(super) fn struct_ops(
        &self,
        maps: &IndexMap<String, Map>,
        programs: &IndexMap<String, Program>,
    ) -> Result<IndexMap<String, StructOps>, Error> {
        let mut all = IndexMap::new();
        for (name, Table { ops, .. }) in &self.tables.by_map {
            let (Some(map), Some(spec)) = (maps.get(name), self.spec.maps.get(name)) else {
                continue;
            };
            let mut value = ops.value.clone();
            let mut held = Vec::new();
            for one in &ops.programs {
                // Who leaves a program out leaves the callback out, which the kernel may allow.
                let Some(program) = programs.get(&one.program).filter(|one| one.is_loaded()) else {
                    continue;
                };
                let fd = u64::from(program.raw_fd()?);
                let start = one.offset as usize;
                if let Some(place) = value.get_mut(start..start.saturating_add(8)) {
                    place.copy_from_slice(&fd.to_ne_bytes());
                }
                held.push(program.clone());
            }
            let by_link = spec.flags & BPF_F_LINK != 0;
            let table = StructOps::new(self.kernel, map, &ops.name, value, held, by_link);
            all.insert(name.clone(), table);
        }
        Ok(all)
    }
}
