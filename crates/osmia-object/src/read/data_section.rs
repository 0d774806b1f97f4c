//! Data sections, each of which becomes the value of a map.

use osmia_abi::MapType;
use osmia_abi::flags::BPF_F_RDONLY_PROG;

use crate::error::Error;
use crate::map_spec::{MapRole, MapSpec};
use crate::read::elf::Section;
use crate::read::source::Source;
use crate::read::typed_section::TypedSection;

/// The largest value that any kernel takes.
const LARGEST: u64 = i32::MAX as u64;

/// The longest name that the kernel keeps.
const KERNEL_NAME: usize = 15;

/// The role of the section of this name, if it holds variables.
pub(crate) fn role(name: &str) -> Option<MapRole> {
    let is = |base: &str| {
        name.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    if is(".rodata") {
        Some(MapRole::Constants)
    } else if is(".data") {
        Some(MapRole::Data)
    } else if is(".bss") {
        Some(MapRole::Bss)
    } else {
        None
    }
}

/// Makes maps of all data sections that are not empty.
pub(crate) fn read(source: &Source<'_>) -> Result<Vec<(usize, MapSpec)>, Error> {
    let mut maps = Vec::new();
    for (index, section) in source.elf.sections.iter().enumerate() {
        match role(section.name) {
            Some(role) if section.size > 0 && section.is_of_use() && !section.is_code() => {
                maps.push((index, map(source, section, role)?));
            }
            _ => {}
        }
    }
    Ok(maps)
}

fn map(source: &Source<'_>, section: &Section<'_>, role: MapRole) -> Result<MapSpec, Error> {
    if section.size > LARGEST {
        let problem = format!("{} bytes are more than a map's value can have", section.size);
        return Err(section.error(0, problem));
    }
    let mut spec = new(source, source.budget.name(section.name)?, role, section.size as u32);
    spec.value_type = TypedSection::find(source, section.name)?.id;
    spec.contents = source.share(section.data);
    Ok(spec)
}

/// A map with a single value for a section.
pub(crate) fn new(source: &Source<'_>, section: String, role: MapRole, size: u32) -> MapSpec {
    let mut spec = MapSpec::new(section, MapType::ARRAY);
    spec.kernel_name = Some(kernel_name(source.name, &spec.name));
    spec.key_size = 4;
    spec.value_size = size;
    spec.max_entries = 1;
    spec.role = role;
    if matches!(role, MapRole::Constants | MapRole::Kconfig) {
        spec.flags = BPF_F_RDONLY_PROG;
    }
    spec
}

/// The name that other loaders give such a map, so that tools which look for it find it:
/// the object's and the section's, with at least 7 letters left to the latter; sections
/// of one's own (`.data.x`) are called by their name alone.
fn kernel_name(object: &str, section: &str) -> String {
    let letters: Vec<char> = section.chars().collect();
    let own = letters.iter().skip(1).any(|&letter| letter == '.');
    let behind = letters.len().clamp(7, KERNEL_NAME);
    let before = if own { 0 } else { KERNEL_NAME - behind };
    let name = object.chars().take(before).chain(letters.into_iter().take(behind));
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '.';
    name.map(|letter| if allowed(letter) { letter } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::{kernel_name, role};
    use crate::map_spec::MapRole;

    #[test]
    fn kernel_names_are_those_of_other_loaders() {
        assert_eq!(kernel_name("my_object_name", ".rodata"), "my_objec.rodata");
        assert_eq!(kernel_name("my_object_name", ".bss"), "my_objec.bss");
        assert_eq!(kernel_name("my_object_name", ".kconfig"), "my_obje.kconfig");
        assert_eq!(kernel_name("my_object_name", ".rodata.abracadabra"), ".rodata.abracad");
        assert_eq!(kernel_name("a-b", ".data"), "a_b.data");
        assert_eq!(kernel_name("x", ".data.cfg"), ".data.cfg");
    }

    #[test]
    fn only_whole_words_make_a_role() {
        assert_eq!(role(".rodata.str1.1"), Some(MapRole::Constants));
        assert_eq!(role(".data"), Some(MapRole::Data));
        assert_eq!(role(".bss.cold"), Some(MapRole::Bss));
        assert_eq!(role(".database"), None);
        assert_eq!(role("data"), None);
    }
}
