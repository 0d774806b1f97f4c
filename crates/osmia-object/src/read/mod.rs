//! From an ELF file to an object as data, one step per file.

pub(crate) mod arena;
pub(crate) mod budget;
mod code;
mod data_section;
pub(crate) mod elf;
mod exception;
mod extern_symbol;
mod foreign;
mod jump_table;
mod legacy_map;
mod map_definition;
mod map_field;
mod map_slot;
mod order;
mod pointer;
mod program;
mod records;
mod source;
pub(crate) mod spec;
mod struct_ops;
mod target;
mod typed_section;
mod unique;
mod variable;
