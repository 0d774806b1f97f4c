//! Taking out of an object what no loader reads.

use object::build::elf::{Builder, SectionData};
use object::elf::SHT_STRTAB;

use crate::error::Error;

/// Sections for debuggers and linkers of native code, without their relocations' `.rel`.
const UNREAD: &[&str] = &[".debug_", ".eh_frame", ".comment", ".note.GNU-stack"];

/// The object without DWARF and its like. BTF stays: it has the types and the lines.
pub(crate) fn strip(object: &[u8]) -> Result<Vec<u8>, Error> {
    let mut builder = Builder::read(object).map_err(Error::Strip)?;
    for section in &mut builder.sections {
        let name = section.name.as_slice();
        let name = name.strip_prefix(b".rel").filter(|rest| rest.starts_with(b".")).unwrap_or(name);
        section.delete = UNREAD.iter().any(|unread| name.starts_with(unread.as_bytes()));
    }
    give_section_names_a_place(&mut builder);
    builder.set_section_sizes();
    let mut stripped = Vec::new();
    builder.write(&mut stripped).map_err(Error::Strip)?;
    Ok(stripped)
}

/// clang keeps the names of sections among those of symbols; the writer wants them apart.
fn give_section_names_a_place(builder: &mut Builder<'_>) {
    let is_there = |data: &SectionData<'_>| matches!(data, SectionData::SectionString);
    if builder.sections.iter().any(|section| is_there(&section.data)) {
        return;
    }
    let names = builder.sections.add();
    names.name = ".shstrtab".into();
    names.sh_type = SHT_STRTAB;
    names.sh_addralign = 1;
    names.data = SectionData::SectionString;
}

#[cfg(test)]
mod tests {
    use object::build::elf::Builder;

    use super::strip;
    use crate::error::Error;
    use crate::fixture;

    /// Name, contents' size and relocations' count of each section.
    fn sections(object: &[u8]) -> Vec<(String, u64)> {
        let builder = Builder::read(object).unwrap();
        let section = |section: &object::build::elf::Section<'_>| {
            let name = String::from_utf8(section.name.to_vec()).unwrap();
            (name, builder.section_size(section) as u64)
        };
        builder.sections.iter().map(section).collect()
    }

    #[test]
    fn loses_dwarf_and_nothing_else() {
        for clang in fixture::clangs() {
            let object = fixture::compile_with(&clang, "strip").object;
            let stripped = strip(&object).unwrap();
            assert!(stripped.len() < object.len() * 2 / 3);
            let keep = |name: &str| !name.contains(".debug") && !name.contains("tab");
            let kept: Vec<_> =
                sections(&object).into_iter().filter(|(name, _)| keep(name)).collect();
            let found: Vec<_> =
                sections(&stripped).into_iter().filter(|(name, _)| keep(name)).collect();
            assert_eq!(kept, found, "{clang:?}");
            assert!(sections(&stripped).iter().all(|(name, _)| !name.contains(".debug")));
            assert_eq!(strip(&stripped).unwrap(), stripped);
        }
    }

    #[test]
    fn what_is_no_object_is_said_so() {
        assert!(matches!(strip(b"not an object"), Err(Error::Strip(_))));
    }
}
