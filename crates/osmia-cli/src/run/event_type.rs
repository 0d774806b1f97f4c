//! Which type the events of a ring buffer are of.

use std::collections::{HashMap, HashSet};

use osmia_abi::MapType;
use osmia_btf::{Btf, Kind, TypeId};
use osmia_object::{MapSpec, ObjectSpec};

use crate::failure::Failure;
use crate::near::no_such;
use crate::type_name;

/// How the events of an object's ring buffers are decoded.
pub struct EventTypes {
    /// The type that is said for a map, on the command line or in C.
    said: HashMap<String, TypeId>,
    /// Types to be taken for events of their size, with those sizes.
    likely: Vec<(u32, TypeId)>,
}

impl EventTypes {
    /// Finds out what the object and the command line say.
    ///
    /// # Errors
    /// The command line names a map or a type that there is not.
    pub fn of(spec: &ObjectSpec, wanted: &[(String, String)]) -> Result<Self, Failure> {
        let rings: Vec<&MapSpec> = rings(spec).collect();
        let declared = rings.iter().filter_map(|ring| Some((ring.name.clone(), ring.value_type?)));
        let mut said: HashMap<String, TypeId> = declared.collect();
        for (map, written) in wanted {
            if !rings.iter().any(|ring| ring.name == *map) {
                let names = rings.iter().map(|ring| ring.name.as_str());
                return Err(Failure::not_found(no_such("ring buffer", map, names)));
            }
            said.insert(map.clone(), wanted_type(spec, written)?);
        }
        let likely = spec.btf.as_ref().map_or_else(|| Ok(Vec::new()), |btf| likely(spec, btf))?;
        Ok(Self { said, likely })
    }

    /// The type of an event of this length in this map; none if nothing tells it.
    pub fn of_event(&self, map: &str, len: usize) -> Option<TypeId> {
        if let Some(&said) = self.said.get(map) {
            return Some(said);
        }
        let mut fitting = self.likely.iter().filter(|(size, _)| *size as usize == len);
        match (fitting.next(), fitting.next()) {
            (Some((_, only)), None) => Some(*only),
            _ => None,
        }
    }
}

/// The maps whose events can be read.
pub fn rings(spec: &ObjectSpec) -> impl Iterator<Item = &MapSpec> {
    spec.maps.values().filter(|map| map.map_type == MapType::RINGBUF)
}

fn wanted_type(spec: &ObjectSpec, written: &str) -> Result<TypeId, Failure> {
    let untyped = || Failure::new("the object has no types (BTF): compile it with -g");
    let btf = spec.btf.as_ref().ok_or_else(untyped)?;
    let found = type_name::find(btf, written).map_err(|failure| {
        failure.during(
            "the object's types (clang keeps those only that a map, a variable or a parameter has; \
             `const struct NAME *unused __attribute__((unused));` keeps one)",
        )
    })?;
    Ok(found.id())
}

/// What variables called `unused` point to, which C has to keep a type; else the structs
/// that neither a map nor a context has.
fn likely(spec: &ObjectSpec, btf: &Btf) -> Result<Vec<(u32, TypeId)>, Failure> {
    let mut kept = Vec::new();
    for variable in spec.variables.values().filter(|variable| variable.name.contains("unused")) {
        let pointer = variable.ty.map(|ty| btf.resolve(ty)).transpose()?;
        let pointee = pointer.filter(|ty| ty.kind() == Kind::Ptr).and_then(|ty| ty.target());
        if let Some(ty) = pointee.map(|target| btf.resolve(target)).transpose()? {
            kept.extend(ty.own_size().map(|size| (size, ty.id())));
        }
    }
    if !kept.is_empty() {
        return Ok(kept);
    }
    let used = used(spec, btf)?;
    for ty in btf.own_types()? {
        let ty = ty?;
        if ty.kind() == Kind::Struct && !ty.name().is_empty() && !used.contains(&ty.id()) {
            kept.extend(ty.own_size().map(|size| (size, ty.id())));
        }
    }
    Ok(kept)
}

/// The types of maps and contexts and of what CO-RE reads, and all that is part of them.
fn used(spec: &ObjectSpec, btf: &Btf) -> Result<HashSet<TypeId>, Failure> {
    let maps = spec.maps.values().flat_map(|map| [map.key_type, map.value_type]);
    let mut next: Vec<TypeId> = maps.flatten().collect();
    next.extend(
        spec.functions.iter().flat_map(|function| &function.core).map(|core| core.record.ty),
    );
    let entries =
        spec.programs.values().filter_map(|program| spec.function(program.entry)?.btf_type);
    for function in entries {
        let prototype = btf.ty(function)?.target().map(|target| btf.ty(target)).transpose()?;
        for param in prototype.iter().flat_map(osmia_btf::Type::params) {
            next.push(param?.ty);
        }
    }
    let mut used = HashSet::new();
    while let Some(id) = next.pop() {
        if !used.insert(id) {
            continue;
        }
        let ty = btf.ty(id)?;
        next.extend(ty.target());
        next.extend(ty.array().map(|array| array.element));
        for member in ty.members() {
            next.push(member?.ty);
        }
    }
    Ok(used)
}

#[cfg(test)]
mod tests {
    use osmia_object::ObjectSpec;
    use osmia_testkit::fixture::Fixture;

    use super::EventTypes;

    /// The name of the type that events of this length in `plain` are taken for.
    fn of_plain(spec: &ObjectSpec, wanted: &[(String, String)], len: usize) -> Option<String> {
        let ty = EventTypes::of(spec, wanted).unwrap().of_event("plain", len)?;
        Some(spec.btf.as_ref().unwrap().ty(ty).unwrap().name().to_owned())
    }

    #[test]
    fn what_is_said_comes_before_what_is_likely() {
        let Some(bytes) = Fixture::new("run").bytes() else { return };
        let mut spec = ObjectSpec::parse("run", bytes.into()).unwrap();
        let other = Some("other".to_owned());
        assert_eq!(of_plain(&spec, &[], 8), other, "C keeps it by a variable");
        assert_eq!(of_plain(&spec, &[], 24), None);
        let said = [("plain".to_owned(), "struct event".to_owned())];
        assert_eq!(of_plain(&spec, &said, 8), Some("event".to_owned()));

        spec.variables.shift_remove("unused_other");
        assert_eq!(of_plain(&spec, &[], 8), other, "struct limits is a map's");
        assert_eq!(of_plain(&spec, &[], 7), None);
        let map = spec.maps.get_mut("seen").unwrap();
        (map.value_type, map.value_size) = (None, 8);
        assert_eq!(of_plain(&spec, &[], 8), None, "two structs have this size");
    }
}
