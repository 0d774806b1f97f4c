//! The file as ELF has it, for tools that make files of files.

pub use crate::read::elf::{Elf, ElfRelocation, Place, Section, Symbol};
