//! `.BTF.ext`: what is known of instructions, where they are now.

use std::collections::HashMap;

use osmia_btf::{
    Btf, BtfExt, Builder, CoreRecord, Error as BtfError, ExtBuilder, FuncInfo, InsnOffset,
    LineInfo, SectionRecords, StrOff, TypeId,
};

use crate::budget::Budget;
use crate::error::Error;
use crate::layout::Layout;
use crate::source::Source;

/// Links the records of all files; `id_of` tells what their types are called now, and strings
/// go into `builder`. `None` if there are no records.
pub(crate) fn link(
    sources: &[Source<'_>],
    layout: &Layout<'_>,
    budget: &Budget,
    builder: &mut Builder,
    id_of: impl Fn(usize, TypeId) -> Result<TypeId, Error>,
) -> Result<Option<ExtBuilder>, Error> {
    let mut strings = Strings { budget, builder, known: HashMap::new() };
    let mut ext = ExtBuilder::default();
    for group in groups(sources, layout, BtfExt::funcs)? {
        let section = strings.section(&group)?;
        for record in group.records.iter() {
            let insn = group.place(record.insn)?;
            ext.func(section, FuncInfo { insn, ty: id_of(group.file, record.ty)? });
        }
    }
    for group in groups(sources, layout, BtfExt::lines)? {
        let section = strings.section(&group)?;
        for record in group.records.iter() {
            let insn = group.place(record.insn)?;
            let file = strings.of(&group, record.file)?;
            let text = strings.of(&group, record.text)?;
            ext.line(section, LineInfo { insn, file, text, ..record });
        }
    }
    for group in groups(sources, layout, BtfExt::relocations)? {
        let section = strings.section(&group)?;
        for record in group.records.iter() {
            let insn = group.place(record.insn)?;
            let access = strings.of(&group, record.access)?;
            let ty = id_of(group.file, record.ty)?;
            ext.relocation(section, CoreRecord { insn, ty, access, ..record });
        }
    }
    Ok((!ext.is_empty()).then_some(ext))
}

/// The records of a file's section, and where that is now.
struct Group<'s, 'a, R> {
    source: &'s Source<'a>,
    btf: &'s Btf,
    file: usize,
    records: SectionRecords<'s, R>,
    /// The section's index among the linked ones.
    section: usize,
    start: u32,
    size: u64,
}

/// The groups of one kind, in the order of the linked code: linking again changes nothing.
fn groups<'s, 'a, R>(
    sources: &'s [Source<'a>],
    layout: &Layout<'_>,
    of: impl Fn(&'s BtfExt, &'s Btf) -> Result<Vec<SectionRecords<'s, R>>, BtfError>,
) -> Result<Vec<Group<'s, 'a, R>>, Error> {
    let mut groups = Vec::new();
    for (file, source) in sources.iter().enumerate() {
        let (Some(btf), Some(ext)) = (&source.btf, &source.ext) else { continue };
        for records in of(ext, btf).map_err(|cause| source.records(cause))? {
            let Some((index, found)) = source.only_section(records.section)? else { continue };
            let placed = layout.placed(file, index).filter(|_| found.is_code());
            let Some(placed) = placed else { continue };
            let (section, start, size) = (placed.section, placed.start as u32, found.size);
            groups.push(Group { source, btf, file, records, section, start, size });
        }
    }
    groups.sort_by_key(|group| (group.section, group.file));
    Ok(groups)
}

impl<R> Group<'_, '_, R> {
    /// Where an instruction is now.
    fn place(&self, at: InsnOffset) -> Result<InsnOffset, Error> {
        if at.0 % 8 != 0 || u64::from(at.0) >= self.size {
            let problem = format!("a record of .BTF.ext is for no instruction of it ({:#x})", at.0);
            return Err(self.source.section_error(self.records.section, problem));
        }
        Ok(InsnOffset(self.start + at.0))
    }
}

/// The strings of all files, where they are now.
struct Strings<'b> {
    budget: &'b Budget,
    builder: &'b mut Builder,
    known: HashMap<(usize, StrOff), StrOff>,
}

impl Strings<'_> {
    /// The name of a group's section.
    fn section<R>(&mut self, group: &Group<'_, '_, R>) -> Result<StrOff, Error> {
        self.budget.charge(group.records.section.len() as u64)?;
        self.builder.string(group.records.section).map_err(Error::merged)
    }

    fn of<R>(&mut self, group: &Group<'_, '_, R>, at: StrOff) -> Result<StrOff, Error> {
        if let Some(&known) = self.known.get(&(group.file, at)) {
            return Ok(known);
        }
        let text = group.btf.string(at).map_err(|problem| {
            let (file, section) = (group.source.file.to_owned(), group.records.section.to_owned());
            Error::Section { file, section, problem: format!("a string of .BTF.ext {problem}") }
        })?;
        self.budget.charge(text.len() as u64)?;
        let now = self.builder.string(text).map_err(Error::merged)?;
        self.known.insert((group.file, at), now);
        Ok(now)
    }
}
