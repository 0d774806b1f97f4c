//! The object's types as kernels take them.

use std::collections::HashMap;

use bytes::Bytes;
use osmia_abi::MapType;
use osmia_btf::{Btf, Builder, Kind, Linkage, SectionVar, Type};

use crate::error::Error;
use crate::kernel_names;
use crate::map_spec::MapSpec;
use crate::object_spec::ObjectSpec;
use crate::read::arena;

type Result<T> = std::result::Result<T, osmia_btf::Error>;

impl ObjectSpec {
    /// The object's BTF with what compilers leave open filled in, ready for the kernel:
    /// sizes of data sections, places of variables, what the kernel provides as it wants
    /// to see it, hidden functions as static ones, names of the letters that it takes. Type ids stay the same. `None` if the
    /// object has no types.
    ///
    /// # Kernel
    /// Older kernels do not know all kinds of types; see [`Btf::sanitised`].
    ///
    /// # Errors
    /// The types are broken.
    pub fn settled_btf(&self) -> std::result::Result<Option<Bytes>, Error> {
        let Some(btf) = &self.btf else { return Ok(None) };
        let settled = settle(self, btf).map(Some);
        settled.map_err(|source| Error::Btf { section: ".BTF", source })
    }
}

fn settle(spec: &ObjectSpec, btf: &Btf) -> Result<Bytes> {
    let mut builder = Lazy { btf, builder: None };
    // Kernels verify a static function with its callers, and know more about it then.
    let hidden = spec.functions.iter().filter(|function| function.linkage == Linkage::Static);
    for id in hidden.filter_map(|function| function.btf_type) {
        if btf.ty(id)?.linkage() == Some(Linkage::Global) {
            builder.get()?.set_linkage(id, Linkage::Static)?;
        }
    }
    for section in btf.own_types_of(Kind::DataSec)? {
        let section = section?;
        if section.name() == ".ksyms" {
            builder.get()?.settle_ksyms(section.id())?;
            continue;
        }
        let name = section.name();
        let places = match spec.maps.get(name) {
            Some(map) => placed(spec, btf, &section, name, map.value_size)?,
            None if name == arena::SECTION => arena_section(spec, btf, &section)?,
            // Of sections that are no maps (`license`, `.maps`) nobody asks the places.
            None => in_a_row(btf, &section),
        };
        if let Some((size, vars)) = places {
            builder.get()?.set_section(section.id(), size, &vars)?;
        }
        settle_externs(&mut builder, btf, &section)?;
    }
    kernel_names::settle(btf, |id, at, name| match at {
        None => builder.get()?.rename(id, name),
        Some(at) => builder.get()?.rename_element(id, at, name),
    })?;
    match builder.builder {
        Some(builder) => builder.to_bytes(),
        None => Ok(btf.as_bytes().clone()),
    }
}

/// A copy of the types to change, made at the first change.
struct Lazy<'a> {
    btf: &'a Btf,
    builder: Option<Builder>,
}

impl Lazy<'_> {
    fn get(&mut self) -> Result<&mut Builder> {
        let builder = match self.builder.take() {
            Some(builder) => builder,
            None => Builder::from_btf(self.btf)?,
        };
        Ok(self.builder.insert(builder))
    }
}

/// Kernels take no variables of external linkage, as those of `.kconfig` are.
fn settle_externs(builder: &mut Lazy<'_>, btf: &Btf, section: &Type<'_>) -> Result<()> {
    for var in section.section_vars() {
        let ty = btf.ty(var.var)?;
        if ty.kind() == Kind::Var && ty.linkage() == Some(Linkage::Extern) {
            builder.get()?.set_linkage(var.var, Linkage::Global)?;
        }
    }
    Ok(())
}

/// A section's size and the places of its variables, if they differ from what is written.
fn placed(
    spec: &ObjectSpec,
    btf: &Btf,
    section: &Type<'_>,
    map: &str,
    size: u32,
) -> Result<Option<(u32, Vec<SectionVar>)>> {
    let known = places(spec, map);
    let mut vars = Vec::new();
    for var in section.section_vars() {
        let ty = btf.ty(var.var)?;
        // Compilers do write the places of static variables, which alone can share a name.
        let written = ty.linkage() == Some(Linkage::Static);
        let place = known.get(ty.name()).filter(|_| !written).copied();
        let (offset, size) = place.unwrap_or((var.offset, var.size));
        if size == 0 {
            // Kernels refuse what takes no room, as an empty struct.
            continue;
        }
        vars.push(SectionVar { var: var.var, offset, size });
    }
    let same = section.own_size() == Some(size)
        && section.section_vars().eq(vars.iter().copied())
        && vars.is_sorted_by_key(|var| var.offset);
    Ok((!same).then_some((size, vars)))
}

/// The same for the variables of an arena, whose map has another name.
fn arena_section(
    spec: &ObjectSpec,
    btf: &Btf,
    section: &Type<'_>,
) -> Result<Option<(u32, Vec<SectionVar>)>> {
    let mut maps = spec.maps.values();
    let holds = |map: &&MapSpec| map.map_type == MapType::ARENA && !map.contents.is_empty();
    match maps.find(holds) {
        Some(map) => placed(spec, btf, section, &map.name, map.contents.len() as u32),
        None => Ok(in_a_row(btf, section)),
    }
}

/// The offset and size of each variable, and each value of the configuration, in a section.
fn places<'a>(spec: &'a ObjectSpec, section: &str) -> HashMap<&'a str, (u32, u32)> {
    let variables = spec.variables.values().filter(|variable| variable.map == section);
    let mut places: HashMap<_, _> =
        variables.map(|v| (v.name.as_str(), (v.offset, v.size))).collect();
    if section == ".kconfig" {
        places.extend(spec.externs.values().filter_map(|found| match found.kind {
            crate::extern_spec::ExternKind::Kconfig { offset, size } => {
                Some((found.name.as_str(), (offset, size)))
            }
            _ => None,
        }));
    }
    places
}

/// Places one behind the other for a section that has no size, which kernels refuse.
fn in_a_row(btf: &Btf, section: &Type<'_>) -> Option<(u32, Vec<SectionVar>)> {
    if section.own_size() != Some(0) {
        return None;
    }
    let (mut end, mut vars) = (0_u32, Vec::new());
    for var in section.section_vars() {
        let size = if var.size == 0 { btf.size_of(var.var).unwrap_or(1) } else { var.size };
        if size == 0 {
            continue;
        }
        vars.push(SectionVar { var: var.var, offset: end, size });
        end = end.saturating_add(size.checked_next_multiple_of(8).unwrap_or(u32::MAX));
    }
    // A section of nothing is refused as well.
    Some((end.max(1), vars))
}
