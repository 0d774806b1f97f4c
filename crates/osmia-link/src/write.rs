//! The linked object as an ELF file.

use object::elf::{self, SHT_PROGBITS};
use object::write::StringId;
use object::write::elf::{FileHeader, Rel, SectionHeader, SectionIndex, Sym, Writer};
use osmia_btf::Endian;

use crate::error::Error;
use crate::layout::{Layout, LinkedSection};
use crate::symbols::{LinkedSymbol, Name, Symbols};
use crate::types::LinkedTypes;

/// Contents need not be aligned more strictly in the file than its tables.
const FILE_ALIGN: u64 = 8;

/// Writes the object.
pub(crate) fn object(
    endian: Endian,
    layout: &Layout<'_>,
    symbols: &Symbols<'_>,
    types: Option<&LinkedTypes>,
) -> Result<Vec<u8>, Error> {
    // Beyond that sections have no numbers that all readers know.
    if layout.sections.len() * 2 + 8 > usize::from(elf::SHN_LORESERVE) {
        return Err(Error::Write("it has more sections than an object can have".to_owned()));
    }
    let names: Vec<Vec<u8>> =
        layout.sections.iter().map(|one| [b".rel", one.name.as_bytes()].concat()).collect();
    let mut bytes = Vec::new();
    let order = match endian {
        Endian::Little => object::Endianness::Little,
        Endian::Big => object::Endianness::Big,
    };
    let mut writer = Writer::new(order, true, &mut bytes);
    let plan = Plan::of(&mut writer, layout, symbols, types, &names);
    plan.write(&mut writer, layout, symbols)?;
    Ok(bytes)
}

/// A section with bytes in the file: where, and what its header says.
struct Part<'d> {
    name: StringId,
    data: &'d [u8],
    header: SectionHeader,
}

/// A section's references: where they are in the file, and which section they are for.
struct References {
    name: StringId,
    /// Its number among the linked ones.
    of: usize,
    offset: usize,
}

/// Where everything will stand.
struct Plan<'d> {
    parts: Vec<Part<'d>>,
    references: Vec<References>,
    /// The names of the local symbols, then of the global ones.
    names: Vec<StringId>,
    symtab: SectionIndex,
}

impl<'d> Plan<'d> {
    fn of(
        writer: &mut Writer<'d>,
        layout: &'d Layout<'_>,
        symbols: &'d Symbols<'_>,
        types: Option<&'d LinkedTypes>,
        names: &'d [Vec<u8>],
    ) -> Self {
        writer.reserve_file_header();
        writer.reserve_null_section_index();
        // The linked sections have their index plus one.
        let mut parts: Vec<_> = layout.sections.iter().map(|one| part(writer, one)).collect();
        if let Some(types) = types {
            parts.push(record(writer, b".BTF", &types.btf));
            if let Some(ext) = &types.ext {
                parts.push(record(writer, b".BTF.ext", ext));
            }
        }
        let referring = layout.sections.iter().zip(names).enumerate();
        let mut references = Vec::new();
        for (of, (section, name)) in referring {
            if !section.relocations.is_empty() {
                let name = writer.add_section_name(name);
                writer.reserve_section_index();
                let offset = writer.reserve_relocations(section.relocations.len(), false);
                references.push(References { name, of, offset });
            }
        }
        let all =
            symbols.locals.iter().map(|(name, _)| *name).chain(symbols.globals.keys().copied());
        let names = all.map(|name| writer.add_string(name.as_bytes())).collect();
        let symtab = writer.reserve_symtab_section_index();
        writer.reserve_strtab_section_index();
        writer.reserve_shstrtab_section_index();
        writer.reserve_null_symbol_index();
        let count = layout.sections.len() + symbols.locals.len() + symbols.globals.len();
        for _ in 0..count {
            writer.reserve_symbol_index(None);
        }
        writer.reserve_symtab();
        writer.reserve_strtab();
        writer.reserve_shstrtab();
        writer.reserve_section_headers();
        Self { parts, references, names, symtab }
    }

    fn write(
        &self,
        writer: &mut Writer<'d>,
        layout: &Layout<'_>,
        symbols: &Symbols<'_>,
    ) -> Result<(), Error> {
        let header = FileHeader {
            os_abi: elf::ELFOSABI_NONE,
            abi_version: 0,
            e_type: elf::ET_REL,
            e_machine: elf::EM_BPF,
            e_entry: 0,
            e_flags: 0,
        };
        writer.write_file_header(&header).map_err(|error| Error::Write(error.to_string()))?;
        for part in &self.parts {
            writer.pad_until(part.header.sh_offset as usize);
            writer.write(part.data);
        }
        let local = layout.sections.len() + 1;
        for References { of, .. } in &self.references {
            let relocations =
                layout.sections.get(*of).map(|section| section.relocations.as_slice());
            writer.write_align_relocation();
            for relocation in relocations.unwrap_or_default() {
                let symbol = match relocation.to {
                    Name::Section(section, _) => section + 1,
                    Name::Local(index) => local + index,
                    Name::Global(index) => local + symbols.locals.len() + index,
                };
                let (r_offset, r_type) = (relocation.offset, relocation.kind);
                let rel = Rel { r_offset, r_sym: symbol as u32, r_type, r_addend: 0 };
                writer.write_relocation(false, &rel);
            }
        }
        self.write_symbols(writer, layout, symbols);
        writer.write_strtab();
        writer.write_shstrtab();
        self.write_headers(writer, layout, symbols);
        Ok(())
    }

    fn write_symbols(&self, writer: &mut Writer<'d>, layout: &Layout<'_>, symbols: &Symbols<'_>) {
        writer.write_null_symbol();
        for section in 0..layout.sections.len() {
            let symbol = LinkedSymbol {
                home: Some((section, 0)),
                size: 0,
                kind: elf::STT_SECTION,
                weak: false,
                hidden: false,
                file: 0,
            };
            writer.write_symbol(&entry(None, elf::STB_LOCAL, &symbol));
        }
        let locals = symbols.locals.iter().map(|(_, symbol)| (elf::STB_LOCAL, symbol));
        let globals = symbols.globals.values().map(|symbol| {
            let binding = if symbol.weak { elf::STB_WEAK } else { elf::STB_GLOBAL };
            (binding, symbol)
        });
        for ((binding, symbol), name) in locals.chain(globals).zip(&self.names) {
            writer.write_symbol(&entry(Some(*name), binding, symbol));
        }
    }

    fn write_headers(&self, writer: &mut Writer<'d>, layout: &Layout<'_>, symbols: &Symbols<'_>) {
        writer.write_null_section_header();
        for part in &self.parts {
            let mut header = part.header.clone();
            header.name = Some(part.name);
            writer.write_section_header(&header);
        }
        for &References { name, of, offset } in &self.references {
            let count = layout.sections.get(of).map_or(0, |section| section.relocations.len());
            let of = SectionIndex(of as u32 + 1);
            writer.write_relocation_section_header(name, of, self.symtab, offset, count, false);
        }
        let locals = 1 + layout.sections.len() + symbols.locals.len();
        writer.write_symtab_section_header(locals as u32);
        writer.write_strtab_section_header();
        writer.write_shstrtab_section_header();
    }
}

/// A linked section.
fn part<'d>(writer: &mut Writer<'d>, section: &'d LinkedSection<'_>) -> Part<'d> {
    let header = SectionHeader {
        name: None,
        sh_type: section.kind,
        sh_flags: section.flags,
        sh_addr: 0,
        sh_offset: 0,
        sh_size: section.size,
        sh_link: 0,
        sh_info: 0,
        sh_addralign: section.align.max(1),
        sh_entsize: section.entry_size,
    };
    reserve(writer, section.name.as_bytes(), &section.data, header)
}

/// A section with types or records.
fn record<'d>(writer: &mut Writer<'d>, name: &'d [u8], data: &'d [u8]) -> Part<'d> {
    let header = SectionHeader {
        name: None,
        sh_type: SHT_PROGBITS,
        sh_flags: 0,
        sh_addr: 0,
        sh_offset: 0,
        sh_size: data.len() as u64,
        sh_link: 0,
        sh_info: 0,
        sh_addralign: 8,
        sh_entsize: 0,
    };
    reserve(writer, name, data, header)
}

fn reserve<'d>(
    writer: &mut Writer<'d>,
    name: &'d [u8],
    data: &'d [u8],
    mut header: SectionHeader,
) -> Part<'d> {
    let name = writer.add_section_name(name);
    writer.reserve_section_index();
    let align = header.sh_addralign.min(FILE_ALIGN) as usize;
    header.sh_offset = writer.reserve(data.len(), align) as u64;
    Part { name, data, header }
}

fn entry(name: Option<StringId>, binding: u8, symbol: &LinkedSymbol) -> Sym {
    let hidden = if symbol.hidden { elf::STV_HIDDEN } else { elf::STV_DEFAULT };
    Sym {
        name,
        section: symbol.home.map(|(section, _)| SectionIndex(section as u32 + 1)),
        st_info: binding << 4 | symbol.kind & 0xf,
        st_other: hidden,
        st_shndx: elf::SHN_UNDEF,
        st_value: symbol.home.map_or(0, |(_, at)| at),
        st_size: symbol.size,
    }
}
