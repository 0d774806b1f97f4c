//! Where static variables are.

use std::collections::HashMap;

use object::elf::STT_OBJECT;
use osmia_object::elf::Place;

use crate::source::Source;

/// The places of a file's static variables, which may share a name.
#[derive(Default)]
pub(crate) struct Statics<'s> {
    /// Section and byte.
    by_name: HashMap<&'s str, Vec<(usize, u64)>>,
}

impl<'s> Statics<'s> {
    pub fn of(source: &'s Source<'_>) -> Self {
        let mut by_name: HashMap<_, Vec<_>> = HashMap::new();
        for symbol in &source.elf.symbols {
            if let Place::Section(section) = symbol.place {
                if symbol.is_local() && symbol.kind == STT_OBJECT {
                    by_name.entry(symbol.name).or_default().push((section, symbol.value));
                }
            }
        }
        Self { by_name }
    }

    /// Where the variable is that the types have at `written` bytes of a section.
    ///
    /// The compiler writes these places, and the symbols have them, too. Where both differ
    /// (compilers say `.data` of what they put into `.bss`) a lone symbol is right.
    pub fn place(&self, name: &str, section: Option<usize>, written: u32) -> Option<(usize, u64)> {
        let written = section.map(|section| (section, u64::from(written)));
        match self.by_name.get(name).map(Vec::as_slice) {
            Some([only]) => Some(*only),
            _ => written,
        }
    }
}
