//! `.BTF.ext`: the records of instructions, given to the functions that have them.

use osmia_btf::{InsnOffset, SectionRecords};

use crate::error::Error;
use crate::function::{CoreRelocation, Function, Line};
use crate::read::code::{Code, Run};
use crate::read::order;
use crate::read::source::{Source, records};

/// Gives every function its type, source lines and CO-RE relocations.
pub(crate) fn attach(
    source: &Source<'_>,
    code: &Code,
    functions: &mut [Function],
) -> Result<(), Error> {
    let (Some(btf), Some(ext)) = (&source.btf, &source.ext) else { return Ok(()) };
    let give = Giver { source, code };
    for group in ext.funcs(btf).map_err(records)? {
        give.each(
            &group,
            functions,
            |record| record.insn,
            |function, at, record| {
                if at == 0 {
                    function.btf_type = Some(record.ty);
                }
            },
        )?;
    }
    for group in ext.lines(btf).map_err(records)? {
        give.each(
            &group,
            functions,
            |record| record.insn,
            |function, at, info| {
                function.lines.push(Line { at, info });
            },
        )?;
    }
    for group in ext.relocations(btf).map_err(records)? {
        give.each(
            &group,
            functions,
            |record| record.insn,
            |function, at, record| {
                function.core.push(CoreRelocation { at, record });
            },
        )?;
    }
    for function in functions {
        order::put(&mut function.lines, |line| line.at);
        order::put(&mut function.core, |relocation| relocation.at);
    }
    Ok(())
}

struct Giver<'a> {
    source: &'a Source<'a>,
    code: &'a Code,
}

impl Giver<'_> {
    fn each<R>(
        &self,
        group: &SectionRecords<'_, R>,
        functions: &mut [Function],
        insn: impl Fn(&R) -> InsnOffset,
        give: impl Fn(&mut Function, u32, R),
    ) -> Result<(), Error>
    where
        R: Copy,
    {
        let Some(index) = self.section(group.section)? else { return Ok(()) };
        let mut run = Run::default();
        for record in group.iter() {
            let offset = insn(&record).0;
            if offset % 8 != 0 {
                let section = self.source.elf.section(index)?;
                let problem = "a record of .BTF.ext is for the middle of an instruction";
                return Err(section.error(offset.into(), problem));
            }
            // Most records are for the function that the one before was for.
            if !run.has(offset / 8) {
                run = self.code.run(index, offset / 8);
            }
            for (id, at) in run.containing(offset / 8) {
                if let Some(function) = functions.get_mut(id.0 as usize) {
                    self.source.budget.charge(size_of::<R>())?;
                    give(function, at, record);
                }
            }
        }
        Ok(())
    }

    /// The section with code that records mean by a name.
    fn section(&self, name: &str) -> Result<Option<usize>, Error> {
        let sections = self.source.elf.sections.iter().enumerate();
        let mut named = sections.filter(|(_, section)| section.is_code() && section.name == name);
        let first = named.next().map(|(index, _)| index);
        if named.next().is_some() {
            let problem = format!(
                "two sections are called {name}, and the records of .BTF.ext cannot tell them apart"
            );
            return Err(Error::Elf(problem));
        }
        Ok(first)
    }
}
