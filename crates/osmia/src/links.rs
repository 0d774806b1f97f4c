//! The attachments of an object's programs.

use indexmap::IndexMap;

use crate::error::Error;
use crate::link::Link;
use crate::near::instead_of;
use crate::program::Program;
use crate::struct_ops::StructOps;

/// The attachments of an object's programs, by the programs' names. Dropping it detaches them all.
#[derive(Debug, Default)]
pub struct Links {
    links: IndexMap<String, Link>,
    left_out: Vec<LeftOut>,
}

/// A program that was not attached with the others.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftOut {
    /// The program's name.
    pub program: String,
    /// Why not.
    pub why: String,
}

impl Links {
    /// Attaches all programs whose sections name a place; if one cannot be attached, none is.
    pub(crate) fn attach_all<'a>(
        programs: impl IntoIterator<Item = &'a Program>,
    ) -> Result<Self, Error> {
        let mut links = Self::default();
        for program in programs {
            let name = program.name().to_owned();
            let target = match program.is_loaded() {
                false if program.section() == Some(".text") => {
                    Err("it has no SEC(\"...\") that says what it is for".to_owned())
                }
                false => Err("it is not loaded".to_owned()),
                true if !program.autoattach() => Err("it is set not to be".to_owned()),
                true => program.target(),
            };
            match target {
                Ok(target) => {
                    let link = program.attach_to_target(&target)?;
                    links.links.insert(name, link);
                }
                Err(why) => links.left_out.push(LeftOut { program: name, why }),
            }
        }
        Ok(links)
    }

    /// Registers tables of callbacks as well, under their own names.
    pub(crate) fn with_tables<'a>(
        mut self,
        tables: impl IntoIterator<Item = &'a StructOps>,
    ) -> Result<Self, Error> {
        for table in tables {
            self.links.insert(table.name().to_owned(), table.attach()?);
        }
        Ok(self)
    }

    /// The attachment of the program with this name.
    ///
    /// # Errors
    /// `NotFound`: there is no such program, or it was not attached; the message says which were.
    pub fn get(&self, program: &str) -> Result<&Link, Error> {
        self.links.get(program).ok_or_else(|| {
            let left_out = self.left_out.iter().find(|left_out| left_out.program == program);
            Error::not_found(match left_out {
                Some(LeftOut { why, .. }) => format!("program `{program}` was not attached: {why}"),
                None => {
                    let near = instead_of(program, "attached programs", self.names());
                    format!("there is no program `{program}`; {near}")
                }
            })
        })
    }

    /// The names of the attached programs with their attachments, in the order of the file.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Link)> {
        self.links.iter().map(|(name, link)| (name.as_str(), link))
    }

    /// The programs that were not attached, and why.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// How many programs are attached.
    pub fn len(&self) -> usize {
        self.links.len()
    }

    /// Whether none is attached.
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// Takes one program's attachment out.
    pub fn take(&mut self, program: &str) -> Option<Link> {
        self.links.shift_remove(program)
    }

    /// Adds an attachment, to be held with the others; returns what the program had before.
    pub fn put(&mut self, program: impl Into<String>, link: Link) -> Option<Link> {
        self.links.insert(program.into(), link)
    }

    /// Detaches all now, and says so if one fails; the others are detached all the same.
    ///
    /// # Errors
    /// As for [`Link::detach`].
    pub fn detach(self) -> Result<(), Error> {
        self.links.into_values().map(Link::detach).fold(Ok(()), Result::and)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.links.keys().map(String::as_str)
    }
}
