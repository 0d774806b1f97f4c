//! What can be wrong with objects that are to be linked.

/// Why objects do not make one; says which file, section and symbol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No object was given.
    #[error("there are no objects to link")]
    Nothing,
    /// A file is no BPF object, or a malformed one.
    #[error("{file}: {cause}")]
    Object {
        /// The file.
        file: String,
        /// What is wrong with it.
        cause: Box<osmia_object::Error>,
    },
    /// A file's types are broken.
    #[error("{file}: section {section}: {cause}")]
    Types {
        /// The file.
        file: String,
        /// `.BTF` or `.BTF.ext`.
        section: &'static str,
        /// What is wrong with it.
        cause: Box<osmia_btf::Error>,
    },
    /// A section cannot be linked.
    #[error("{file}: section {section}: {problem}")]
    Section {
        /// The file.
        file: String,
        /// The section's name.
        section: String,
        /// Why not, and what to do.
        problem: String,
    },
    /// A symbol cannot be linked.
    #[error("{file}: symbol {symbol} in section {section}: {problem}")]
    Symbol {
        /// The file.
        file: String,
        /// The name of the section that it is in.
        section: String,
        /// The symbol's name, or its number if it has none.
        symbol: String,
        /// Why not, and what to do.
        problem: String,
    },
    /// A reference cannot be rewritten.
    #[error("{file}: section {section} at offset {offset:#x}: the reference to {symbol} {problem}")]
    Relocation {
        /// The file.
        file: String,
        /// The section that the reference stands in.
        section: String,
        /// Where in it.
        offset: u64,
        /// What is referred to.
        symbol: String,
        /// What is wrong.
        problem: String,
    },
    /// A name is defined more than once.
    #[error(
        "{symbol} is defined in {first} and in {second}: make one of them __weak or static, or \
         only declare it (extern)"
    )]
    Duplicate {
        /// The name.
        symbol: String,
        /// The file with the first definition.
        first: String,
        /// The file with the second one.
        second: String,
    },
    /// Two files do not agree.
    #[error("{what} of {first} and {second} do not agree: {problem}")]
    Conflict {
        /// On what: a symbol, a section, the byte order.
        what: String,
        /// The file that came first.
        first: String,
        /// The other one.
        second: String,
        /// What each says.
        problem: String,
    },
    /// The linked types are more than the format allows.
    #[error("the linked types cannot be written: {0}")]
    Merged(Box<osmia_btf::Error>),
    /// The files describe something out of all proportion to their size; compilers do not
    /// write such files.
    #[error("the files of {len} bytes together would make more than {limit} bytes")]
    Inflated {
        /// The files' size.
        len: u64,
        /// The limit that files of this size have.
        limit: u64,
    },
    /// The linked object is more than an ELF file can be.
    #[error("the linked object cannot be written: {0}")]
    Write(String),
}

impl Error {
    /// What is wrong with the linked types.
    pub(crate) fn merged(cause: osmia_btf::Error) -> Self {
        Self::Merged(Box::new(cause))
    }
}
