//! The whole object: all steps in their order.

use std::collections::HashMap;

use bytes::Bytes;
use indexmap::IndexMap;

use crate::error::Error;
use crate::map_spec::{MapRole, MapSpec};
use crate::object_spec::ObjectSpec;
use crate::read::map_definition::Definition;
use crate::read::pointer::Pointees;
use crate::read::source::Source;
use crate::read::target::Targets;
use crate::read::unique::Unique;
use crate::read::{
    arena, code, data_section, exception, extern_symbol, legacy_map, map_definition, map_slot,
    program, records, struct_ops, variable,
};

/// Reads an object file.
pub(crate) fn read(name: &str, bytes: &Bytes) -> Result<ObjectSpec, Error> {
    let source = Source::open(name, bytes)?;
    let (mut functions, code) = code::read(&source)?;
    records::attach(&source, &code, &mut functions)?;
    exception::attach(&source, &mut functions)?;

    let mut definitions = map_definition::read(&source)?;
    let mut legacy = legacy_map::read(&source)?;
    let data = data_section::read(&source)?;
    let (externs, config_size) = extern_symbol::read(&source)?;
    let (tables, mut maps) = (struct_ops::read(&source)?, Maps::default());
    let data_maps = vec![None; source.elf.sections.len()];
    let mut targets =
        Targets { source: &source, code: &code, maps: HashMap::new(), data: data_maps };
    for Definition { spec, section, offset, .. } in definitions.iter_mut().chain(&mut legacy) {
        spec.name = maps.reserve(&spec.name);
        targets.maps.insert((*section, *offset), source.budget.name(&spec.name)?);
    }
    let mut sections = Vec::new();
    for (section, mut spec) in data {
        spec.name = maps.reserve(&spec.name);
        targets.hold(section, source.budget.name(&spec.name)?);
        sections.push((section, spec));
    }
    if let Some((section, arena)) = arena::variables(&source, &mut definitions)? {
        targets.hold(section, arena);
    }
    targets.attach(&mut functions)?;
    let (programs, names) = program::read(&code, &functions, &source.budget)?;
    map_slot::attach(&mut definitions, &targets, &names)?;

    for definition in definitions.into_iter().chain(legacy) {
        maps.put(definition.spec);
    }
    let pointees = Pointees::new(&source, &code, &functions);
    for (section, mut spec) in sections {
        spec.pointers = pointees.read(section, 0..u64::from(spec.value_size))?;
        maps.put(spec);
    }
    if config_size > 0 {
        maps.put(config_map(&source, config_size)?);
    }
    for mut table in tables {
        table.spec.name = maps.reserve(&table.spec.name);
        let range = table.offset..table.offset + u64::from(table.spec.value_size);
        table.spec.pointers = pointees.read(table.section, range)?;
        maps.put(table.spec);
    }
    let variables = variable::read(&source, &targets.data, &maps.by_name)?;
    Ok(ObjectSpec {
        name: name.to_owned(),
        endian: source.elf.endian,
        license: license(&source),
        kernel_version: kernel_version(&source)?,
        programs,
        maps: maps.by_name,
        variables,
        externs,
        functions,
        btf: source.btf.clone(),
    })
}

/// The maps of an object, each under a name of its own.
#[derive(Default)]
struct Maps {
    reserved: IndexMap<String, ()>,
    unique: Unique,
    by_name: IndexMap<String, MapSpec>,
}

impl Maps {
    /// A name that no other map has.
    fn reserve(&mut self, name: &str) -> String {
        let name = self.unique.name(name.to_owned(), &self.reserved);
        self.reserved.insert(name.clone(), ());
        name
    }

    fn put(&mut self, spec: MapSpec) {
        self.by_name.insert(spec.name.clone(), spec);
    }
}

fn config_map(source: &Source<'_>, size: u32) -> Result<MapSpec, Error> {
    let name = extern_symbol::KCONFIG;
    let mut spec = data_section::new(source, name.to_owned(), MapRole::Kconfig, size);
    spec.value_type = crate::read::typed_section::TypedSection::find(source, name)?.id;
    Ok(spec)
}

fn license(source: &Source<'_>) -> String {
    let data = source.elf.section_named("license").map_or(&[][..], |section| section.data);
    let text = data.split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

fn kernel_version(source: &Source<'_>) -> Result<u32, Error> {
    let Some(section) = source.elf.section_named("version") else { return Ok(0) };
    let version = source.elf.endian.u32_at(section.data, 0);
    version.ok_or_else(|| section.error(0, "the kernel version does not have its 4 bytes"))
}
