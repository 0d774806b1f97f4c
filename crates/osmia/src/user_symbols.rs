//! What is at an address of a process.

use std::fmt;
use std::path::{Path, PathBuf};

use blazesym::Pid;
use blazesym::symbolize::source::{Process, Source};
use blazesym::symbolize::{Input, Symbolized, Symbolizer};

use crate::error::Error;
use crate::error::kind::ErrorKind;

/// The functions of programs and libraries by their addresses in a process, demangled where they come from Rust or C++.
///
/// What was read of a file is kept for the next time. It belongs to one thread.
///
/// Those of the kernel are told by [`Kernel::symbols`](crate::Kernel::symbols).
///
/// # Examples
/// ```no_run
/// # fn show(stacks: &osmia::StackTraces, id: u32, process: u32) -> Result<(), osmia::Error> {
/// let symbols = osmia::UserSymbols::new();
/// let addresses = stacks.get(id)?.unwrap_or_default();
/// for (address, symbol) in addresses.iter().zip(symbols.find(process, &addresses)?) {
///     match symbol {
///         Some(symbol) => println!("{symbol}"),
///         None => println!("{address:#x}"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct UserSymbols {
    symbolizer: Symbolizer,
}

/// A function of a program or library, and a place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserSymbol {
    /// The function's name.
    pub name: String,
    /// How many bytes behind the function's start.
    pub offset: u64,
    /// The file that it is in, if it is in one.
    pub file: Option<PathBuf>,
}

impl UserSymbols {
    /// Nothing is read yet.
    pub fn new() -> Self {
        let builder = Symbolizer::builder().enable_code_info(false).enable_inlined_fns(false);
        Self { symbolizer: builder.build() }
    }

    /// The functions that these addresses of a running process are in, in their order; nothing for those that are in none, or
    /// in a file without symbols.
    ///
    /// # Errors
    /// `NotFound`: there is no such process any more; `Permission`: only root may look at others' memory.
    pub fn find(&self, process: u32, addresses: &[u64]) -> Result<Vec<Option<UserSymbol>>, Error> {
        let mut source = Process::new(Pid::from(process));
        source.debug_syms = false;
        let input = Input::AbsAddr(addresses);
        let found = self.symbolizer.symbolize(&Source::Process(source), input);
        let found = found.map_err(|error| failed(process, error))?;
        Ok(found.into_iter().map(symbol).collect())
    }
}

fn symbol(found: Symbolized<'_>) -> Option<UserSymbol> {
    let symbol = found.into_sym()?;
    let file = symbol.module.map(|file| PathBuf::from(file.into_owned()));
    Some(UserSymbol { name: symbol.name.into_owned(), offset: symbol.offset as u64, file })
}

fn failed(process: u32, error: blazesym::Error) -> Error {
    let kind = match error.kind() {
        blazesym::ErrorKind::NotFound => ErrorKind::NotFound,
        blazesym::ErrorKind::PermissionDenied => ErrorKind::Permission,
        _ => ErrorKind::System,
    };
    Error::new(kind, format!("find the functions of process {process}")).caused_by(error)
}

impl Default for UserSymbols {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for UserSymbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{:#x}", self.name, self.offset)?;
        let file = self.file.as_ref().and_then(|file| Some(Path::new(file.file_name()?)));
        file.map_or(Ok(()), |file| write!(f, " [{}]", file.display()))
    }
}

impl fmt::Debug for UserSymbols {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserSymbols").finish_non_exhaustive()
    }
}
