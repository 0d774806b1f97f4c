//! The kernel's symbols by their addresses.

use std::collections::HashMap;
use std::fs;

/// The kernel's list of symbols, as text; reading it costs tens of milliseconds.
#[derive(Debug, Default)]
pub struct Symbols(String);

/// A symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// Its name.
    pub name: String,
    /// The module that it is in.
    pub module: Option<String>,
}

impl Symbols {
    /// Reads the list; it is empty where it cannot be read.
    pub fn read() -> Self {
        let bytes = fs::read("/proc/kallsyms").unwrap_or_default();
        Self(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The address of the first symbol of this name, unless addresses are hidden.
    pub fn address(&self, name: &str) -> Option<u64> {
        let found = self.lines().find(|(_, rest)| symbol(rest).0 == name)?;
        u64::from_str_radix(found.0, 16).ok().filter(|address| *address != 0)
    }

    /// The symbols that begin at these addresses.
    pub fn at(&self, addresses: impl IntoIterator<Item = u64>) -> HashMap<u64, Symbol> {
        let wanted: HashMap<String, u64> = addresses
            .into_iter()
            .filter(|address| *address != 0)
            .map(|address| (format!("{address:016x}"), address))
            .collect();
        let mut found = HashMap::new();
        if wanted.is_empty() {
            return found;
        }
        for (address, rest) in self.lines() {
            if let Some(address) = wanted.get(address) {
                let (name, module) = symbol(rest);
                let symbol = || Symbol { name: name.into(), module: module.map(str::to_owned) };
                found.entry(*address).or_insert_with(symbol);
            }
        }
        found
    }

    /// The addresses, and what stands behind them.
    fn lines(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.lines().filter_map(|line| line.split_once(' '))
    }
}

/// `T name\t[module]`.
fn symbol(rest: &str) -> (&str, Option<&str>) {
    let rest = rest.split_once(' ').map_or(rest, |(_, rest)| rest);
    match rest.split_once('\t') {
        Some((name, module)) => (name, Some(module.trim_matches(['[', ']']))),
        None => (rest, None),
    }
}

#[cfg(test)]
mod tests {
    use super::{Symbol, Symbols};

    #[test]
    fn symbols_by_address_and_name() {
        let list = "ffffffff81000000 T _text\nffffffff81000000 T _stext\n\
                    ffffffffc0001000 t probe\t[dm_mod]\nx\n";
        let symbols = Symbols(list.to_owned());
        assert_eq!(symbols.address("_stext"), Some(0xffff_ffff_8100_0000));
        assert_eq!(symbols.address("none"), None);
        let found = symbols.at([0xffff_ffff_8100_0000, 0xffff_ffff_c000_1000, 5]);
        let text = Symbol { name: "_text".into(), module: None };
        assert_eq!(found.get(&0xffff_ffff_8100_0000), Some(&text));
        let probe = Symbol { name: "probe".into(), module: Some("dm_mod".into()) };
        assert_eq!(found.get(&0xffff_ffff_c000_1000), Some(&probe));
        assert_eq!(found.len(), 2);
    }
}
