//! What is at an address of the kernel.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader};

use crate::error::Error;
use crate::kernel::Kernel;
use crate::kernel::kallsyms::{KALLSYMS, hidden, parse_symbol, unreadable};

/// So far behind its start the last symbol goes, whose end nothing tells.
const LAST: u64 = 1 << 20;

/// The kernel's functions by address: those of its modules and its loaded BPF programs too.
///
/// # Examples
/// ```no_run
/// # fn main() -> Result<(), osmia::Error> {
/// let kernel = osmia::Kernel::running()?;
/// if let Some(symbol) = kernel.symbols()?.find(0xffff_ffff_8100_0042) {
///     println!("{symbol}: {} bytes behind {}", symbol.offset, symbol.name);
/// }
/// # Ok(())
/// # }
/// ```
pub struct KernelSymbols {
    /// In the order of their addresses, of which each is there once.
    entries: Vec<Entry>,
    /// The names, one behind the other.
    names: String,
    modules: Vec<String>,
}

#[derive(Clone, Copy)]
struct Entry {
    address: u64,
    name: u32,
    len: u16,
    /// The place in `modules` and 1; 0 for the kernel itself.
    module: u16,
    is_code: bool,
}

/// A function of the kernel, and a place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelSymbol<'a> {
    /// The function's name.
    pub name: &'a str,
    /// How many bytes behind the function's start.
    pub offset: u64,
    /// The module that it is in; `bpf` for BPF programs.
    pub module: Option<&'a str>,
}

impl Kernel {
    /// The kernel's functions by address. They are read at the first call and kept; what was loaded later is not
    /// in them: see [`KernelSymbols::read`].
    ///
    /// # Errors
    /// `Permission`: the kernel hides its addresses; `NotFound`: it does not list its symbols.
    pub fn symbols(&self) -> Result<&KernelSymbols, Error> {
        self.kept_symbols(|| KernelSymbols::read(self))
    }
}

impl KernelSymbols {
    /// Reads the kernel's list as it is now.
    ///
    /// # Errors
    /// As for [`Kernel::symbols`].
    pub fn read(kernel: &Kernel) -> Result<Self, Error> {
        let file = File::open(kernel.files().path(KALLSYMS)).map_err(unreadable)?;
        let symbols = Self::parse(BufReader::with_capacity(1 << 17, file)).map_err(unreadable)?;
        // Where addresses are hidden all of them are zero.
        if symbols.entries.len() < 2 { Err(hidden(kernel)) } else { Ok(symbols) }
    }

    fn parse(mut list: impl BufRead) -> io::Result<Self> {
        let mut symbols = Self { entries: Vec::new(), names: String::new(), modules: Vec::new() };
        let mut line = Vec::new();
        while list.read_until(b'\n', &mut line)? > 0 {
            if let Some((address, kind, name, module)) = parse_symbol(&line) {
                let is_code = matches!(kind, b't' | b'T' | b'w' | b'W');
                symbols.add(address, is_code, name, module);
            }
            line.clear();
        }
        // Of several names the first that is a function's; the kernel lists those at one address in their order.
        symbols.entries.sort_by_key(|entry| (entry.address, !entry.is_code));
        symbols.entries.dedup_by_key(|entry| entry.address);
        Ok(symbols)
    }

    fn add(&mut self, address: u64, is_code: bool, name: &str, module: Option<&str>) {
        let module = module.map_or(Some(0), |module| self.module(module));
        let (Ok(at), Ok(len), Some(module)) =
            (u32::try_from(self.names.len()), u16::try_from(name.len()), module)
        else {
            return;
        };
        // Only functions are given out by name; the others tell where functions end.
        let len = if is_code { len } else { 0 };
        self.names.push_str(if is_code { name } else { "" });
        self.entries.push(Entry { address, name: at, len, module, is_code });
    }

    fn module(&mut self, name: &str) -> Option<u16> {
        // Symbols of a module follow each other.
        if self.modules.last().is_none_or(|last| last != name) {
            self.modules.push(name.to_owned());
        }
        u16::try_from(self.modules.len()).ok()
    }

    /// The function that an address is in; nothing for addresses of programs, or of data.
    pub fn find(&self, address: u64) -> Option<KernelSymbol<'_>> {
        let behind = self.entries.partition_point(|entry| entry.address <= address);
        let entry = self.entries.get(behind.checked_sub(1)?)?;
        let offset = address - entry.address;
        if !entry.is_code || (behind == self.entries.len() && offset >= LAST) {
            return None;
        }
        let start = entry.name as usize;
        let name = self.names.get(start..start + usize::from(entry.len))?;
        let module = usize::from(entry.module).checked_sub(1);
        let module = module.and_then(|index| self.modules.get(index)).map(String::as_str);
        Some(KernelSymbol { name, offset, module })
    }

    /// How many addresses have a symbol.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none, which is never so.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl fmt::Display for KernelSymbol<'_> {
    /// As the kernel writes it: `tcp_connect+0x10`, `helper+0x4 [dm_mod]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{:#x}", self.name, self.offset)?;
        self.module.map_or(Ok(()), |module| write!(f, " [{module}]"))
    }
}

impl fmt::Debug for KernelSymbols {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KernelSymbols").field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::KernelSymbols;

    const LIST: &[u8] = b"\
0000000000001000 A per_cpu
ffffffff81000000 T _stext
ffffffff81000000 t first
ffffffff81000040 t second
ffffffff81000080 D data
ffffffffc0512340 t helper\t[nf_tables]
ffffffffc0412340 t helper\t[dm_mod]
";

    #[test]
    fn addresses_are_told() {
        let symbols = KernelSymbols::parse(LIST).unwrap();
        let find = |address| symbols.find(address).map(|symbol| symbol.to_string());
        assert_eq!(find(0xffff_ffff_8100_0000).unwrap(), "_stext+0x0");
        assert_eq!(find(0xffff_ffff_8100_003f).unwrap(), "_stext+0x3f");
        assert_eq!(find(0xffff_ffff_8100_0040).unwrap(), "second+0x0");
        assert_eq!(find(0xffff_ffff_c041_2344).unwrap(), "helper+0x4 [dm_mod]");
        assert_eq!(find(0xffff_ffff_c051_2344).unwrap(), "helper+0x4 [nf_tables]");
        for address in [0, 0x1001, 0x5555_5555_0000, 0xffff_ffff_8100_0080, u64::MAX] {
            assert_eq!(find(address), None, "{address:#x}");
        }
    }
}
