//! Variables in an arena: the section whose bytes an arena begins with.

use osmia_abi::MapType;

use crate::error::Error;
use crate::read::map_definition::Definition;
use crate::read::source::Source;

/// Where compilers put variables of the arenas' address space.
pub(crate) const SECTION: &str = ".addr_space.1";

/// Gives the section's bytes to the object's arena; the section and the arena's name, if there is
/// one of each.
pub(crate) fn variables(
    source: &Source<'_>,
    definitions: &mut [Definition],
) -> Result<Option<(usize, String)>, Error> {
    let mut sections = source.elf.sections.iter().enumerate();
    let Some((index, section)) = sections.find(|(_, section)| section.name == SECTION) else {
        return Ok(None);
    };
    let mut arenas = definitions.iter_mut().filter(|one| one.spec.map_type == MapType::ARENA);
    let Some(arena) = arenas.next() else { return Ok(None) };
    // Nothing tells which of several has them.
    if arenas.next().is_some() {
        return Ok(None);
    }
    arena.spec.contents = source.share(section.data);
    Ok(Some((index, source.budget.name(&arena.spec.name)?)))
}
