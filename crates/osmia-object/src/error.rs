//! What can be wrong with an object file.

use osmia_btf::Error as BtfError;
use osmia_btf::core_re::CoreError;

/// Why bytes are not a BPF object, or why a question about one has no answer.
///
/// Each says where (section, offset, symbol, function, instruction) and what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are something else.
    #[error("not an ELF object: {found}")]
    NotElf {
        /// What they look like, and what to do about it.
        found: String,
    },
    /// The object is for another processor.
    #[error("this is an object for {machine}: compile with -target bpf")]
    Machine {
        /// The processor.
        machine: String,
    },
    /// The bytes end before what the ELF headers promise.
    #[error("the file is cut short: {what} lies at bytes {start}..{end}, but there are {len}")]
    Truncated {
        /// What lies there.
        what: String,
        /// Where it begins.
        start: u64,
        /// Where it would end.
        end: u64,
        /// How many bytes there are.
        len: u64,
    },
    /// An ELF structure breaks the rules.
    #[error("malformed ELF: {0}")]
    Elf(String),
    /// Something is wrong in a section.
    #[error("section {section} at offset {offset:#x}: {problem}")]
    Section {
        /// The section's name.
        section: String,
        /// Bytes from its start.
        offset: u64,
        /// What is wrong.
        problem: String,
    },
    /// Something is wrong with a symbol.
    #[error("symbol {symbol} in section {section}: {problem}")]
    Symbol {
        /// The symbol's name, or its number if it has none.
        symbol: String,
        /// The name of the section that it is in.
        section: String,
        /// What is wrong.
        problem: String,
    },
    /// A map's definition breaks the rules.
    #[error("map {map}: {field}: {problem}")]
    Map {
        /// The map's name.
        map: String,
        /// The field of the definition.
        field: String,
        /// What is wrong.
        problem: String,
    },
    /// The types cannot be read.
    #[error("section {section}: {source}")]
    Btf {
        /// `.BTF` or `.BTF.ext`.
        section: &'static str,
        /// Why not.
        source: BtfError,
    },
    /// The names, code or references in the file are out of all proportion to its size;
    /// compilers do not write such files.
    #[error("the file of {len} bytes describes more than {limit} bytes of names and code")]
    Inflated {
        /// The file's size.
        len: u64,
        /// The limit that a file of this size has.
        limit: u64,
    },
    /// A program that the object does not have.
    #[error("there is no program {name}{}", known(near.as_ref(), all))]
    NoSuchProgram {
        /// The name asked for.
        name: String,
        /// The most similar name.
        near: Option<String>,
        /// The programs that there are.
        all: Vec<String>,
    },
    /// A CO-RE relocation makes no sense, or cannot be decided.
    #[error("program {program}: function {function}, instruction {at}: {source}")]
    Core {
        /// The program.
        program: String,
        /// The function.
        function: String,
        /// The instruction slot from the program's start.
        at: u32,
        /// What is wrong.
        source: Box<CoreError>,
    },
    /// A global variable that the object does not have.
    #[error(
        "there is no variable {name}{}; the compiler drops a variable that no code uses",
        known_variables(near.as_ref(), constants, variables)
    )]
    NoSuchVariable {
        /// The name asked for.
        name: String,
        /// The most similar name.
        near: Option<String>,
        /// The constants that there are.
        constants: Vec<String>,
        /// The other variables that there are.
        variables: Vec<String>,
    },
    /// A global variable cannot have a value.
    #[error("variable {variable}: {problem}")]
    Value {
        /// The variable's name.
        variable: String,
        /// Why not.
        problem: String,
    },
    /// The bytes are no kernel configuration.
    #[error("{origin} is not a kernel's configuration: {problem}")]
    Config {
        /// The file that they are from.
        origin: String,
        /// What is wrong with them.
        problem: String,
    },
    /// What the object expects of the kernel is not there.
    #[error("extern {name}: {problem}")]
    NoSuchExtern {
        /// Its name.
        name: String,
        /// Where it was looked for, and what to do.
        problem: String,
    },
    /// What the object expects of the kernel is something else, or cannot be asked for.
    #[error("extern {name}: {problem}")]
    Extern {
        /// Its name.
        name: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// A variable cannot be folded into the code.
    #[error(
        "variable {variable}, in function {function} of program {program} ({place}): {problem}; \
         kernels before 5.2 have no global variables, and only plain loads of constants can be \
         folded into the code"
    )]
    Fold {
        /// The variable's name.
        variable: String,
        /// The program.
        program: String,
        /// The function.
        function: String,
        /// The line of C: file, number and text.
        place: String,
        /// What is done with it.
        problem: String,
    },
    /// A program cannot be put together.
    #[error("program {program}: function {function}, instruction {at}: {problem}")]
    Link {
        /// The program.
        program: String,
        /// The function.
        function: String,
        /// The instruction slot from the function's start.
        at: u32,
        /// What is wrong.
        problem: String,
    },
}

/// The end of a message about a name that does not exist.
fn known(near: Option<&String>, all: &[String]) -> String {
    let end = match all {
        [] => "; there are none".to_owned(),
        all => format!(" (there are: {})", list(all)),
    };
    meant(near) + &end
}

/// The same for variables, of which constants are listed apart.
fn known_variables(near: Option<&String>, constants: &[String], variables: &[String]) -> String {
    let end = match (constants, variables) {
        ([], []) => "; there are none".to_owned(),
        (constants, []) => format!(" (constants: {})", list(constants)),
        ([], variables) => format!(" (there are no constants; variables: {})", list(variables)),
        (constants, variables) => {
            format!(" (constants: {}; variables: {})", list(constants), list(variables))
        }
    };
    meant(near) + &end
}

fn meant(near: Option<&String>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean {near}?"))
}

fn list(all: &[String]) -> String {
    const SHOWN: usize = 32;
    let shown = all.get(..SHOWN).unwrap_or(all).join(", ");
    let more = match all.len().checked_sub(SHOWN) {
        Some(more @ 1..) => format!(" and {more} more"),
        _ => String::new(),
    };
    shown + &more
}
