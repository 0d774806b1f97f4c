//! What initialisers put into arrays of maps and programs.

use indexmap::IndexMap;
use osmia_object::{ObjectSpec, SlotValue};
use zerocopy::IntoBytes as _;

use crate::error::{Attempt as _, Error};
use crate::map::Map;
use crate::map::update::UpdateFlags;
use crate::near::instead_of;
use crate::program::Program;

/// Puts maps into maps.
pub(super) fn fill_maps(spec: &ObjectSpec, maps: &IndexMap<String, Map>) -> Result<(), Error> {
    each(spec, maps, |value| match value {
        SlotValue::Map(name) => {
            let inner = maps.get(name).ok_or_else(|| absent("map", name, maps))?;
            Ok(Some(raw(inner.fd()?)))
        }
        SlotValue::Program(_) => Ok(None),
    })
}

/// Puts programs into maps.
pub(super) fn fill_programs(
    spec: &ObjectSpec,
    maps: &IndexMap<String, Map>,
    programs: &IndexMap<String, Program>,
) -> Result<(), Error> {
    each(spec, maps, |value| match value {
        SlotValue::Program(name) => {
            let program = programs.get(name).ok_or_else(|| absent("program", name, programs))?;
            program.raw_fd().map(Some)
        }
        SlotValue::Map(_) => Ok(None),
    })
}

fn each(
    spec: &ObjectSpec,
    maps: &IndexMap<String, Map>,
    descriptor: impl Fn(&SlotValue) -> Result<Option<u32>, Error>,
) -> Result<(), Error> {
    for (name, outer) in &spec.maps {
        let Some(map) = maps.get(name) else { continue };
        for (slot, value) in &outer.values {
            let attempt = || format!("fill slot {slot} of map `{name}`");
            let Some(descriptor) = descriptor(value).attempt(attempt)? else { continue };
            map.update(slot.as_bytes(), descriptor.as_bytes(), UpdateFlags::ANY)
                .attempt(attempt)?;
        }
    }
    Ok(())
}

fn raw(fd: std::os::fd::BorrowedFd<'_>) -> u32 {
    std::os::fd::AsRawFd::as_raw_fd(&fd) as u32
}

fn absent<T>(noun: &str, name: &str, all: &IndexMap<String, T>) -> Error {
    let near = instead_of(name, &format!("{noun}s"), all.keys().map(String::as_str));
    Error::not_found(format!("there is no {noun} `{name}`; {near}"))
}
