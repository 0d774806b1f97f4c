//! The ELF file: its sections, symbols and relocations, with every bound checked.

use object::Endianness;
use object::elf::{self, FileHeader64};
use object::read::elf::{FileHeader, Rel as _, Rela as _, SectionHeader, SectionTable, Sym};
use osmia_btf::Endian;

use crate::error::Error;
use crate::read::budget::Budget;
use crate::read::foreign;
use crate::read::order;

type Header = FileHeader64<Endianness>;
type Sections<'a> = SectionTable<'a, Header>;

/// Names longer than this are taken for garbage; it also bounds how long looking for
/// their ends takes.
const LONGEST_NAME: usize = 4096;

/// What an object file is made of.
pub struct Elf<'a> {
    /// The byte order.
    pub endian: Endian,
    /// By index; the first is the empty one.
    pub sections: Vec<Section<'a>>,
    /// By index; the first is the empty one.
    pub symbols: Vec<Symbol<'a>>,
}

/// A section.
pub struct Section<'a> {
    /// Its name.
    pub name: &'a str,
    /// `SHT_*`.
    pub kind: u32,
    /// `SHF_*`.
    pub flags: u64,
    /// What its place in memory is a multiple of, as the file says it.
    pub align: u64,
    /// The size of an entry, if it is a table.
    pub entry_size: u64,
    /// Empty for sections without bytes in the file, and for those that no loader has a use for.
    pub data: &'a [u8],
    /// Its size in memory.
    pub size: u64,
    /// Sorted by offset.
    pub relocations: Vec<ElfRelocation>,
}

impl Section<'_> {
    /// Whether it has instructions.
    pub fn is_code(&self) -> bool {
        self.kind == elf::SHT_PROGBITS && self.flags & u64::from(elf::SHF_EXECINSTR) != 0
    }

    /// Whether it is in the memory of programs, and no code.
    pub fn is_data(&self) -> bool {
        self.flags & u64::from(elf::SHF_ALLOC) != 0 && !self.is_code()
    }

    /// Whether the loader has a use for it: code, data, BTF, not debug information.
    pub fn is_of_use(&self) -> bool {
        self.flags & u64::from(elf::SHF_ALLOC) != 0
            || matches!(self.name, ".BTF" | ".BTF.ext" | "license" | "version" | ".jumptables")
    }

    pub(crate) fn error(&self, offset: u64, problem: impl Into<String>) -> Error {
        Error::Section { section: self.name.to_owned(), offset, problem: problem.into() }
    }
}

/// Where a symbol is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In another object, or the kernel.
    Undefined,
    /// In the section with this index.
    Section(usize),
    /// To be put into `.bss` by a linker (`-fcommon`).
    Common,
    /// A number without a place.
    Absolute,
}

/// A symbol.
pub struct Symbol<'a> {
    /// Its name; empty if it has none, as those of sections.
    pub name: &'a str,
    /// Where it is.
    pub place: Place,
    /// The byte in the section.
    pub value: u64,
    /// How many bytes it stands for.
    pub size: u64,
    /// `STT_*`.
    pub kind: u8,
    /// `STB_*`.
    pub binding: u8,
    /// Whether other objects may not see it, though other C files of this one may.
    pub hidden: bool,
}

impl Symbol<'_> {
    /// Whether only its C file knows it.
    pub fn is_local(&self) -> bool {
        self.binding == elf::STB_LOCAL
    }

    /// Whether a definition yields to another one, or a reference may lead nowhere.
    pub fn is_weak(&self) -> bool {
        self.binding == elf::STB_WEAK
    }

    /// Whether others define it.
    pub fn is_extern(&self) -> bool {
        self.place == Place::Undefined && !self.is_local() && !self.name.is_empty()
    }
}

/// A relocation as ELF stores it.
#[derive(Clone, Copy, Debug)]
pub struct ElfRelocation {
    /// The byte in the section.
    pub offset: u64,
    /// `R_BPF_*`.
    pub kind: u32,
    /// The symbol's index.
    pub symbol: usize,
    /// What to add to the symbol's value; `None` if it stands in the place itself.
    pub addend: Option<i64>,
}

impl<'a> Elf<'a> {
    /// Reads the headers and tables of an object for BPF. Contents and relocations of debug
    /// sections are not touched.
    ///
    /// # Errors
    /// It is something else, or malformed.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        Self::parse(bytes, &Budget::for_file(bytes.len()))
    }

    pub(crate) fn parse(bytes: &'a [u8], budget: &Budget) -> Result<Self, Error> {
        foreign::check(bytes)?;
        let header = Header::parse(bytes).map_err(broken)?;
        let order = header.endian().map_err(broken)?;
        foreign::check_machine(header.e_machine.get(order), header.e_type.get(order))?;
        check_headers(header, order, bytes)?;
        let table = header.sections(order, bytes).map_err(broken)?;
        let mut elf = Self {
            endian: if order == Endianness::Big { Endian::Big } else { Endian::Little },
            sections: sections(
                &table,
                names_of_sections(header, &table, order, bytes)?,
                order,
                bytes,
            )?,
            symbols: symbols(&table, order, bytes)?,
        };
        if elf.symbols.is_empty() {
            let problem = "there is no symbol table; strip debug information with llvm-strip -g, \
                           which leaves it";
            return Err(Error::Elf(problem.to_owned()));
        }
        elf.attach_relocations(&table, order, bytes, budget)?;
        Ok(elf)
    }

    /// The section with this index.
    ///
    /// # Errors
    /// There is none.
    pub fn section(&self, index: usize) -> Result<&Section<'a>, Error> {
        let absent = || Error::Elf(format!("there is no section {index}"));
        self.sections.get(index).ok_or_else(absent)
    }

    /// The first section of this name.
    pub fn section_named(&self, name: &str) -> Option<&Section<'a>> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// How messages call a symbol.
    pub fn symbol_title(&self, index: usize) -> String {
        match self.symbols.get(index) {
            Some(symbol) if !symbol.name.is_empty() => symbol.name.to_owned(),
            Some(Symbol { place: Place::Section(section), .. }) => {
                let name = self.sections.get(*section).map_or("?", |section| section.name);
                format!("of section {name}")
            }
            _ => format!("#{index}"),
        }
    }

    /// An error about a symbol.
    pub(crate) fn symbol_error(&self, index: usize, problem: impl Into<String>) -> Error {
        let section = match self.symbols.get(index).map(|symbol| symbol.place) {
            Some(Place::Section(section)) => self.sections.get(section).map_or("?", |s| s.name),
            _ => "(none)",
        };
        Error::Symbol {
            symbol: self.symbol_title(index),
            section: section.to_owned(),
            problem: problem.into(),
        }
    }

    fn attach_relocations(
        &mut self,
        table: &Sections<'a>,
        order: Endianness,
        bytes: &'a [u8],
        budget: &Budget,
    ) -> Result<(), Error> {
        for (index, header) in table.iter().enumerate() {
            let target = header.sh_info(order) as usize;
            let kind = header.sh_type(order);
            if !matches!(kind, elf::SHT_REL | elf::SHT_RELA) || target == 0 {
                continue;
            }
            let name = self.section(index)?.name;
            let Some(section) = self.sections.get_mut(target) else {
                return Err(Error::Elf(format!("{name} is for section {target}, which is not")));
            };
            if section.is_of_use() && !section.name.starts_with(".BTF") {
                let found = relocations(header, order, bytes, self.symbols.len())
                    .map_err(|problem| Error::Elf(format!("{name}: {problem}")))?;
                budget.charge(size_of_val(found.as_slice()))?;
                section.relocations.extend(found);
            }
        }
        for section in &mut self.sections {
            order::put(&mut section.relocations, |relocation| relocation.offset);
        }
        Ok(())
    }
}

fn check_headers(header: &Header, order: Endianness, bytes: &[u8]) -> Result<(), Error> {
    let start = header.e_shoff.get(order);
    let size = u64::from(header.e_shentsize.get(order)) * u64::from(header.e_shnum.get(order));
    let end = start.saturating_add(size);
    check_range("the table of sections", start, end, bytes)
}

fn check_range(what: &str, start: u64, end: u64, bytes: &[u8]) -> Result<(), Error> {
    let len = bytes.len() as u64;
    if end <= len {
        return Ok(());
    }
    Err(Error::Truncated { what: what.to_owned(), start, end, len })
}

fn broken(error: object::read::Error) -> Error {
    Error::Elf(error.to_string())
}

fn names_of_sections<'a>(
    header: &Header,
    table: &Sections<'a>,
    order: Endianness,
    bytes: &'a [u8],
) -> Result<&'a [u8], Error> {
    let index = header.shstrndx(order, bytes).map_err(broken)?;
    if index == 0 {
        return Ok(&[]);
    }
    let section = table.section(object::SectionIndex(index as usize)).map_err(broken)?;
    section.data(order, bytes).map_err(broken)
}

fn sections<'a>(
    table: &Sections<'a>,
    names: &'a [u8],
    order: Endianness,
    bytes: &'a [u8],
) -> Result<Vec<Section<'a>>, Error> {
    let mut sections = Vec::with_capacity(table.len());
    for (index, header) in table.iter().enumerate() {
        let name = text(names, header.sh_name(order))
            .map_err(|problem| Error::Elf(format!("the name of section {index} {problem}")))?;
        let mut section = Section {
            name,
            kind: header.sh_type(order),
            flags: header.sh_flags(order),
            align: header.sh_addralign(order),
            entry_size: header.sh_entsize(order),
            data: &[],
            size: header.sh_size(order),
            relocations: Vec::new(),
        };
        if section.is_of_use() {
            section.data = contents(&section, header, order, bytes)?;
        }
        sections.push(section);
    }
    Ok(sections)
}

fn contents<'a>(
    section: &Section<'a>,
    header: &<Header as FileHeader>::SectionHeader,
    order: Endianness,
    bytes: &'a [u8],
) -> Result<&'a [u8], Error> {
    if section.flags & u64::from(elf::SHF_COMPRESSED) != 0 {
        return Err(section.error(0, "is compressed; only debug sections may be"));
    }
    if section.kind != elf::SHT_NOBITS {
        let start: u64 = header.sh_offset(order);
        let what = format!("section {}", section.name);
        check_range(&what, start, start.saturating_add(section.size), bytes)?;
    }
    header.data(order, bytes).map_err(broken)
}

fn symbols<'a>(
    table: &Sections<'a>,
    order: Endianness,
    bytes: &'a [u8],
) -> Result<Vec<Symbol<'a>>, Error> {
    let found = table.symbols(order, bytes, elf::SHT_SYMTAB).map_err(broken)?;
    let names = match found.string_section() {
        object::SectionIndex(0) => &[],
        index => table.section(index).and_then(|s| s.data(order, bytes)).map_err(broken)?,
    };
    let mut symbols = Vec::with_capacity(found.len());
    for (index, symbol) in found.enumerate() {
        let name = text(names, symbol.st_name(order))
            .map_err(|problem| Error::Elf(format!("the name of symbol {} {problem}", index.0)))?;
        let place = match symbol.st_shndx(order) {
            elf::SHN_UNDEF => Place::Undefined,
            elf::SHN_COMMON => Place::Common,
            elf::SHN_ABS => Place::Absolute,
            _ => match found.symbol_section(order, symbol, index).map_err(broken)? {
                Some(section) if section.0 < table.len() => Place::Section(section.0),
                Some(section) => {
                    let problem = format!("symbol {name} is in section {section}, which is not");
                    return Err(Error::Elf(problem));
                }
                None => Place::Absolute,
            },
        };
        symbols.push(Symbol {
            name,
            place,
            value: symbol.st_value(order),
            size: symbol.st_size(order),
            kind: symbol.st_type(),
            binding: symbol.st_bind(),
            hidden: matches!(symbol.st_visibility(), elf::STV_HIDDEN | elf::STV_INTERNAL),
        });
    }
    Ok(symbols)
}

fn text(names: &[u8], at: u32) -> Result<&str, &'static str> {
    if at == 0 {
        return Ok("");
    }
    let tail = names.get(at as usize..).ok_or("lies outside of the table of names")?;
    let head = tail.get(..=LONGEST_NAME).unwrap_or(tail);
    let end = head.iter().position(|&byte| byte == 0).ok_or("does not end")?;
    std::str::from_utf8(head.get(..end).unwrap_or_default()).map_err(|_| "is not UTF-8 text")
}

fn relocations(
    header: &<Header as FileHeader>::SectionHeader,
    order: Endianness,
    bytes: &[u8],
    symbols: usize,
) -> Result<Vec<ElfRelocation>, String> {
    let mut found = Vec::new();
    if let Some((entries, _)) = header.rel(order, bytes).map_err(|e| e.to_string())? {
        found.extend(entries.iter().map(|entry| ElfRelocation {
            offset: entry.r_offset(order),
            kind: entry.r_type(order),
            symbol: entry.r_sym(order) as usize,
            addend: None,
        }));
    }
    if let Some((entries, _)) = header.rela(order, bytes).map_err(|e| e.to_string())? {
        found.extend(entries.iter().map(|entry| ElfRelocation {
            offset: entry.r_offset(order),
            kind: entry.r_type(order, false),
            symbol: entry.r_sym(order, false) as usize,
            addend: Some(entry.r_addend(order)),
        }));
    }
    match found.iter().find(|relocation| relocation.symbol >= symbols) {
        Some(wrong) => Err(format!("there is no symbol {}", wrong.symbol)),
        None => Ok(found),
    }
}
