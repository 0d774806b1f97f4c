//! Maps in the dialects from before `.maps`: an initialised struct of numbers.

use object::elf::STT_OBJECT;
use osmia_abi::MapType;

use crate::error::Error;
use crate::map_spec::{MapSpec, Pinning};
use crate::read::elf::{Place, Section};
use crate::read::map_definition::Definition;
use crate::read::source::Source;

/// Type, key, value, entries: what the very first loaders knew.
const LEAST: usize = 4;

/// A struct that some loader defined, told from others by its size.
struct Dialect {
    /// Words of 4 bytes.
    words: usize,
    /// What the words behind the flags are.
    rest: &'static [&'static str],
}

/// Of libbpf before 1.0; of aya; of iproute2; of gobpf, which has a text of 256 bytes behind.
const DIALECTS: &[Dialect] = &[
    Dialect { words: 5, rest: &[] },
    Dialect { words: 7, rest: &["id", "pinning"] },
    Dialect { words: 9, rest: &["id", "pinning", "inner_id", "inner_idx"] },
    Dialect { words: 70, rest: &["pinning"] },
];

/// Whether a section is where such maps stand: `maps`, `maps/NAME` or `TYPE/maps`.
pub(crate) fn is_legacy(section: &Section<'_>) -> bool {
    let name = section.name;
    !section.is_code() && (name == "maps" || name.starts_with("maps/") || name.ends_with("/maps"))
}

/// Reads the definitions in the order of the file.
pub(crate) fn read(source: &Source<'_>) -> Result<Vec<Definition>, Error> {
    let mut definitions = Vec::new();
    for (index, symbol) in source.elf.symbols.iter().enumerate() {
        let Place::Section(at) = symbol.place else { continue };
        let section = source.elf.section(at)?;
        if symbol.kind != STT_OBJECT || !is_legacy(section) {
            continue;
        }
        let end = symbol.value.checked_add(symbol.size);
        let bytes = end.and_then(|end| section.data.get(symbol.value as usize..end as usize));
        let bytes = bytes.filter(|bytes| bytes.len() >= LEAST * 4);
        let Some(bytes) = bytes else {
            let problem = "the map's definition is too short, or not in its section";
            return Err(source.elf.symbol_error(index, problem));
        };
        let spec = spec(source, symbol.name, bytes)?;
        let (offset, end) = (symbol.value, symbol.value + symbol.size);
        definitions.push(Definition { spec, section: at, offset, end, slots: None });
    }
    definitions.sort_by_key(|definition| (definition.section, definition.offset));
    Ok(definitions)
}

fn spec(source: &Source<'_>, name: &str, bytes: &[u8]) -> Result<MapSpec, Error> {
    let word = |at: usize| source.elf.endian.u32_at(bytes, at * 4).unwrap_or(0);
    let mut spec = MapSpec::new(source.budget.name(name)?, MapType(word(0)));
    spec.key_size = word(1);
    spec.value_size = word(2);
    spec.max_entries = word(3);
    spec.flags = word(4);
    let words = bytes.len() / 4;
    let dialect = DIALECTS.iter().find(|dialect| dialect.words == words);
    let rest = dialect.map_or(&[][..], |dialect| dialect.rest);
    for (at, &field) in (5..).zip(rest) {
        match (field, word(at)) {
            (_, 0) | ("id", _) => {}
            ("pinning", 1) if words == 7 => spec.pinning = Pinning::ByName,
            // Where the others pin a map is up to their loaders.
            ("pinning", other) => spec.pinning = Pinning::Unknown(other),
            (field, _) => spec.unknown_fields.push(field.to_owned()),
        }
    }
    let known = 5 + rest.len();
    if bytes.get(known * 4..).is_some_and(|rest| rest.iter().any(|&byte| byte != 0)) {
        spec.unknown_fields.push(format!("the bytes from {} on", known * 4));
    }
    Ok(spec)
}
