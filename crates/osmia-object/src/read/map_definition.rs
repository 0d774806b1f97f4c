//! Maps that the C declares in `.maps`: a struct's members say it all.

use object::elf::STT_OBJECT;
use osmia_abi::MapType;
use osmia_btf::{Btf, Kind, Type, TypeId};

use crate::error::Error;
use crate::map_spec::{MapSpec, Pinning};
use crate::read::map_field::Field;
use crate::read::source::{Source, types};
use crate::read::typed_section::TypedSection;

/// The section that the maps stand in.
pub(crate) const SECTION: &str = ".maps";

/// What is wrong with a map that the types do not tell of.
const UNTYPED: &str =
    "its definition has no type information, which says what it is; compile with -g";

/// A map and where the file defines it.
pub(crate) struct Definition {
    pub spec: MapSpec,
    pub section: usize,
    pub offset: u64,
    /// The byte behind it.
    pub end: u64,
    /// Where in it the initial slots begin, if it has such a member.
    pub slots: Option<u32>,
}

/// Reads the definitions in the order of the section.
pub(crate) fn read(source: &Source<'_>) -> Result<Vec<Definition>, Error> {
    let typed = TypedSection::find(source, SECTION)?;
    let mut definitions = Vec::new();
    for symbol in &source.elf.symbols {
        let crate::read::elf::Place::Section(section) = symbol.place else { continue };
        if symbol.kind != STT_OBJECT || source.elf.section(section)?.name != SECTION {
            continue;
        }
        let name = source.budget.name(symbol.name)?;
        let (spec, slots) = match (&source.btf, typed.type_of(symbol.name, symbol.value)) {
            (Some(btf), Some(ty)) => definition(source, btf, name, ty)?,
            _ => {
                let mut spec = MapSpec::new(name, MapType::UNSPEC);
                spec.problem = Some(UNTYPED.to_owned());
                (spec, None)
            }
        };
        let size = match symbol.size {
            0 => typed.size_of(symbol.name).unwrap_or(0).into(),
            size => size,
        };
        let end = symbol.value.saturating_add(size);
        definitions.push(Definition { spec, section, offset: symbol.value, end, slots });
    }
    definitions.sort_by_key(|definition| (definition.section, definition.offset));
    Ok(definitions)
}

fn definition(
    source: &Source<'_>,
    btf: &Btf,
    name: String,
    ty: TypeId,
) -> Result<(MapSpec, Option<u32>), Error> {
    let ty = btf.resolve(ty).map_err(types)?;
    let mut reader = Reader { source, btf, spec: MapSpec::new(name, MapType::UNSPEC), slots: None };
    let outcome = if ty.kind() == Kind::Struct {
        reader.members(ty, true)
    } else {
        reader.spec.problem = Some(NO_STRUCT.to_owned());
        Ok(())
    };
    let Reader { mut spec, slots, .. } = reader;
    keep_problem(&mut spec, outcome)?;
    carry_events(&mut spec);
    Ok((spec, slots))
}

/// What is wrong with `int m SEC(".maps")`.
const NO_STRUCT: &str = "it is no struct of __uint(type, BPF_MAP_TYPE_...), __type(key, ...) and \
                         the like, as maps in .maps are";

/// Keeps what is wrong with a map, which others can do without, until it is loaded. The first
/// problem counts. What is wrong with the file stays an error.
pub(crate) fn keep_problem(spec: &mut MapSpec, outcome: Result<(), Error>) -> Result<(), Error> {
    match outcome {
        Err(Error::Map { field, problem, .. }) => {
            spec.problem.get_or_insert_with(|| format!("its `{field}` {problem}"));
            Ok(())
        }
        other => other,
    }
}

/// Ring buffers and perf event arrays have no values in the kernel's sense; a declared
/// type of value is that of the events they carry, and its size is not the map's.
fn carry_events(spec: &mut MapSpec) {
    let slot = match spec.map_type {
        MapType::RINGBUF | MapType::USER_RINGBUF => 0,
        MapType::PERF_EVENT_ARRAY => 4,
        _ => return,
    };
    if spec.value_type.is_some() {
        (spec.key_size, spec.value_size) = (slot, slot);
    }
}

struct Reader<'a> {
    source: &'a Source<'a>,
    btf: &'a Btf,
    spec: MapSpec,
    slots: Option<u32>,
}

impl Reader<'_> {
    fn members(&mut self, ty: Type<'_>, outer: bool) -> Result<(), Error> {
        let name = self.spec.name.clone();
        let mut sizes = (None, None);
        let mut values = None;
        for member in ty.members() {
            let member = member.map_err(types)?;
            let field = Field { map: &name, btf: self.btf, member };
            match member.name {
                "key" | "key_size" => self.key(&field, &mut sizes.0)?,
                "value" | "value_size" => self.value(&field, &mut sizes.1)?,
                "values" => values = Some(field),
                _ => self.plain(&field, outer)?,
            }
        }
        if self.spec.map_type == MapType::UNSPEC {
            return Err(Error::Map {
                map: name,
                field: "type".to_owned(),
                problem: "is missing; add __uint(type, BPF_MAP_TYPE_...)".to_owned(),
            });
        }
        match values {
            Some(field) if outer => self.values(&field, sizes.1),
            Some(field) => Err(field.error("an inner map cannot have inner maps of its own")),
            None => Ok(()),
        }
    }

    /// A member that is a number.
    fn plain(&mut self, field: &Field<'_>, outer: bool) -> Result<(), Error> {
        match field.member.name {
            "type" => self.spec.map_type = MapType(field.number()?),
            "max_entries" => self.spec.max_entries = field.number()?,
            "map_flags" => self.spec.flags = field.number()?,
            "numa_node" => self.spec.numa_node = Some(field.number()?),
            "map_extra" => self.spec.map_extra = field.long_number()?,
            "pinning" if outer => {
                self.spec.pinning = match field.number()? {
                    0 => Pinning::None,
                    1 => Pinning::ByName,
                    other => Pinning::Unknown(other),
                };
            }
            "pinning" => return Err(field.error("an inner map cannot be pinned")),
            other => self.spec.unknown_fields.push(self.source.budget.name(other)?),
        }
        Ok(())
    }

    fn key(&mut self, field: &Field<'_>, known: &mut Option<u32>) -> Result<(), Error> {
        let (ty, size) = size(field, field.member.name == "key", known)?;
        self.spec.key_size = size;
        self.spec.key_type = ty.or(self.spec.key_type);
        Ok(())
    }

    fn value(&mut self, field: &Field<'_>, known: &mut Option<u32>) -> Result<(), Error> {
        let (ty, size) = size(field, field.member.name == "value", known)?;
        self.spec.value_size = size;
        self.spec.value_type = ty.or(self.spec.value_type);
        Ok(())
    }

    /// `__array(values, ...)`: what an inner map looks like, or that the slots are programs.
    fn values(&mut self, field: &Field<'_>, value_size: Option<u32>) -> Result<(), Error> {
        if let Some(size) = value_size.filter(|&size| size != 4) {
            return Err(field.error(format!("its slots take 4 bytes each, the value {size}")));
        }
        self.spec.value_size = 4;
        self.slots = Some(field.member.offset.byte());
        let element = field.element()?;
        let ty = self.btf.resolve(element).map_err(|error| field.types(&error))?;
        let of_maps = matches!(self.spec.map_type, MapType::ARRAY_OF_MAPS | MapType::HASH_OF_MAPS);
        match ty.kind() {
            Kind::Struct if of_maps => {
                let name = format!("{}.inner", self.spec.name);
                self.source.budget.charge(name.len())?;
                let spec = MapSpec::new(name, MapType::UNSPEC);
                let mut inner = Reader { source: self.source, btf: self.btf, spec, slots: None };
                let outcome = inner.members(ty, false);
                keep_problem(&mut inner.spec, outcome)?;
                self.spec.inner = Some(Box::new(inner.spec));
                Ok(())
            }
            Kind::FuncProto if self.spec.map_type == MapType::PROG_ARRAY => Ok(()),
            kind => Err(field.error(format!(
                "a map of type {} cannot have slots of {kind}; maps of maps have structs, \
                 program arrays have functions",
                self.spec.map_type
            ))),
        }
    }
}

/// The size that a member says, and the type if it says one; both members must agree.
fn size(
    field: &Field<'_>,
    typed: bool,
    known: &mut Option<u32>,
) -> Result<(Option<TypeId>, u32), Error> {
    let (ty, size) = if typed {
        let (ty, size) = field.type_and_size()?;
        (Some(ty), size)
    } else {
        (None, field.number()?)
    };
    match known.replace(size) {
        Some(other) if other != size => {
            Err(field.error(format!("says {size} bytes, and another field says {other}")))
        }
        _ => Ok((ty, size)),
    }
}
