//! The sections of the linked object, and where each file's are in them.

use std::collections::HashMap;

use object::elf;
use osmia_object::elf::Section;

use crate::budget::Budget;
use crate::error::Error;
use crate::jump_table;
use crate::relocation::LinkedRelocation;
use crate::source::Source;

/// No map's value, and no program, is larger.
const LARGEST: u64 = i32::MAX as u64;
/// No loader aligns a section more strictly.
const STRICTEST: u64 = 1 << 16;
/// Sections that say something of the object as a whole, and are there once.
const COMMON: [&str; 2] = ["license", "version"];
/// What only debuggers read, though it says that it belongs into memory.
const UNREAD: &str = ".eh_frame";

/// A section of the linked object.
pub(crate) struct LinkedSection<'a> {
    pub name: &'a str,
    /// `SHT_*`.
    pub kind: u32,
    /// `SHF_*`.
    pub flags: u64,
    pub align: u64,
    pub entry_size: u64,
    pub size: u64,
    /// As many bytes as its size, but none if it has none in the file.
    pub data: Vec<u8>,
    pub relocations: Vec<LinkedRelocation>,
    /// The file that it first came up in.
    first: &'a str,
}

impl LinkedSection<'_> {
    pub fn is_code(&self) -> bool {
        self.flags & u64::from(elf::SHF_EXECINSTR) != 0
    }
}

/// Where a section of a file is in the linked object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    /// Its index among the linked ones.
    pub section: usize,
    pub start: u64,
    /// Whether it says the same as one that is there already, which stands for it.
    pub again: bool,
}

/// The sections of the linked object.
#[derive(Default)]
pub(crate) struct Layout<'a> {
    pub sections: Vec<LinkedSection<'a>>,
    /// For each file, by its sections' indexes.
    places: Vec<Vec<Option<Placed>>>,
    by_name: HashMap<&'a str, usize>,
}

impl<'a> Layout<'a> {
    pub fn of(sources: &[Source<'a>], budget: &Budget) -> Result<Self, Error> {
        let mut layout = Self::default();
        for source in sources {
            let mut places = vec![None; source.elf.sections.len()];
            let used = used(source);
            for (at, (place, section)) in places.iter_mut().zip(&source.elf.sections).enumerate() {
                if is_linked(source, section, used.get(at).is_some_and(|&used| used))? {
                    *place = Some(layout.place(source, section, sources.len() > 1, budget)?);
                }
            }
            layout.places.push(places);
        }
        Ok(layout)
    }

    /// Where a file's section is, if it is linked.
    pub fn placed(&self, file: usize, section: usize) -> Option<Placed> {
        self.places.get(file)?.get(section).copied().flatten()
    }

    /// The section of this name.
    pub fn named(&self, name: &str) -> Option<&LinkedSection<'a>> {
        self.sections.get(*self.by_name.get(name)?)
    }

    /// The section that a place is in.
    pub fn section(&self, placed: Placed) -> Option<&LinkedSection<'a>> {
        self.sections.get(placed.section)
    }

    fn place(
        &mut self,
        source: &Source<'a>,
        section: &Section<'a>,
        several: bool,
        budget: &Budget,
    ) -> Result<Placed, Error> {
        check(source, section, several)?;
        let index = match self.by_name.get(section.name) {
            Some(&index) => index,
            None => {
                let index = self.sections.len();
                self.sections.push(begin(source, section));
                self.by_name.insert(section.name, index);
                index
            }
        };
        let Some(linked) = self.sections.get_mut(index) else {
            return Err(source.section_error(section.name, "is not there"));
        };
        if COMMON.contains(&section.name) && linked.size > 0 {
            return same(source, section, linked, index);
        }
        reconcile(source, section, linked)?;
        // Each part as strictly as the strictest so far: bpftool's layout.
        let start = linked.size.checked_next_multiple_of(linked.align.max(1));
        let end = start.and_then(|start| start.checked_add(section.size));
        let (Some(start), Some(end)) = (start, end.filter(|&end| end <= LARGEST)) else {
            let problem = format!("is larger than {LARGEST} bytes together with the others");
            return Err(source.section_error(section.name, problem));
        };
        if section.kind == elf::SHT_PROGBITS {
            budget.charge(end - linked.size)?;
            linked.data.resize(start as usize, 0);
            linked.data.extend_from_slice(section.data);
        }
        linked.size = end;
        Ok(Placed { section: index, start, again: false })
    }
}

/// Which of a file's sections have symbols with a name.
fn used(source: &Source<'_>) -> Vec<bool> {
    let mut used = vec![false; source.elf.sections.len()];
    for symbol in &source.elf.symbols {
        if let osmia_object::elf::Place::Section(section) = symbol.place {
            if let Some(used) = used.get_mut(section) {
                *used |= !symbol.name.is_empty() && symbol.kind != elf::STT_SECTION;
            }
        }
    }
    used
}

fn is_linked(source: &Source<'_>, section: &Section<'_>, used: bool) -> Result<bool, Error> {
    let is_table = matches!(
        section.kind,
        elf::SHT_NULL | elf::SHT_REL | elf::SHT_RELA | elf::SHT_SYMTAB | elf::SHT_STRTAB
    );
    if is_table || section.name.starts_with(".BTF") || section.name == UNREAD {
        return Ok(false);
    }
    let is_loaded = section.flags & u64::from(elf::SHF_ALLOC) != 0;
    let is_read =
        is_loaded || COMMON.contains(&section.name) || section.name == jump_table::SECTION;
    if !is_read || section.size == 0 && !used {
        return Ok(false);
    }
    if !matches!(section.kind, elf::SHT_PROGBITS | elf::SHT_NOBITS) {
        let problem = format!("is of ELF's type {:#x}, which BPF has no use for", section.kind);
        return Err(source.section_error(section.name, problem));
    }
    Ok(true)
}

fn check(source: &Source<'_>, section: &Section<'_>, several: bool) -> Result<(), Error> {
    let wrong = |problem: &str| Err(source.section_error(section.name, problem));
    let align = section.align.max(1);
    if !align.is_power_of_two() || align > STRICTEST {
        let problem = format!("cannot be aligned to {align} bytes; {STRICTEST} are the most");
        return wrong(&problem);
    }
    if !section.is_code() {
        return Ok(());
    }
    if section.size % 8 != 0 {
        return wrong("does not end with a whole instruction of 8 bytes");
    }
    // What stands behind it begins with a whole instruction, too.
    if align < 8 && several && section.size > 0 {
        return wrong("has code that is not aligned to 8 bytes");
    }
    Ok(())
}

fn begin<'a>(source: &Source<'a>, section: &Section<'a>) -> LinkedSection<'a> {
    LinkedSection {
        name: section.name,
        kind: section.kind,
        flags: section.flags,
        align: 1,
        entry_size: section.entry_size,
        size: 0,
        data: Vec::new(),
        relocations: Vec::new(),
        first: source.file,
    }
}

/// Makes a section's properties those of both.
fn reconcile(
    source: &Source<'_>,
    section: &Section<'_>,
    linked: &mut LinkedSection<'_>,
) -> Result<(), Error> {
    /// What holds for the whole if it does for a part, and only if it does for all parts.
    const ANY: u64 = elf::SHF_WRITE as u64;
    const ALL: u64 = (elf::SHF_MERGE | elf::SHF_STRINGS) as u64;
    let conflict = |problem: String| Error::Conflict {
        what: format!("the sections {}", section.name),
        first: linked.first.to_owned(),
        second: source.file.to_owned(),
        problem,
    };
    if section.kind != linked.kind {
        let (one, other) = (contents(linked.kind), contents(section.kind));
        return Err(conflict(format!("the one has {one}, the other {other}")));
    }
    let differs = (section.flags ^ linked.flags) & !(ANY | ALL);
    if differs != 0 {
        let problem = format!("the flags are {:#x} and {:#x}", linked.flags, section.flags);
        return Err(conflict(problem));
    }
    if section.entry_size != linked.entry_size {
        linked.entry_size = 0;
        linked.flags &= !ALL;
    }
    linked.flags |= section.flags & ANY;
    linked.flags &= section.flags | !ALL;
    linked.align = linked.align.max(section.align);
    Ok(())
}

fn contents(kind: u32) -> &'static str {
    if kind == elf::SHT_NOBITS { "no contents (it is zero)" } else { "contents" }
}

/// A section that must say what the one says that is there.
fn same(
    source: &Source<'_>,
    section: &Section<'_>,
    linked: &LinkedSection<'_>,
    index: usize,
) -> Result<Placed, Error> {
    if linked.data != section.data {
        let problem = match section.name {
            "license" => format!("'{}' and '{}'", text(&linked.data), text(section.data)),
            _ => format!("{:02x?} and {:02x?}", first(&linked.data), first(section.data)),
        };
        return Err(Error::Conflict {
            what: format!("the sections {}", section.name),
            first: linked.first.to_owned(),
            second: source.file.to_owned(),
            problem,
        });
    }
    Ok(Placed { section: index, start: 0, again: true })
}

fn text(data: &[u8]) -> String {
    let text = first(data).split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

/// As many bytes as a message has room for.
fn first(data: &[u8]) -> &[u8] {
    data.get(..64).unwrap_or(data)
}
