//! Addresses of the kernel's symbols.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader};

use osmia_object::ksym::Address;
use osmia_sys::Capability;

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;
use crate::kernel::capabilities::{held, missing};

pub(crate) const KALLSYMS: &str = "/proc/kallsyms";
/// What compilers that optimise at link time add to the names of static variables.
const LTO: &str = ".llvm.";

/// The places of some names.
pub(crate) type Addresses = HashMap<String, Vec<Address>>;

impl Kernel {
    /// The places of all of these names, found by one walk through the kernel's list of symbols;
    /// an entry for each name, empty for those that the kernel has not.
    pub(crate) fn addresses<'n>(
        &self,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Result<Addresses, Error> {
        let names = names.into_iter().map(|name| (name.to_owned(), Vec::new()));
        let mut found: Addresses = names.collect();
        if found.is_empty() {
            return Ok(found);
        }
        let file = File::open(self.files().path(KALLSYMS)).map_err(unreadable)?;
        let shown =
            scan(BufReader::with_capacity(1 << 17, file), &mut found).map_err(unreadable)?;
        if !shown && found.values().any(|places| !places.is_empty()) {
            return Err(hidden(self));
        }
        Ok(found)
    }

    /// Whether the kernel has a symbol of this name; needs no right to see addresses.
    pub(crate) fn has_symbol(&self, name: &str) -> Result<bool, Error> {
        let mut found = Addresses::from([(name.to_owned(), Vec::new())]);
        let file = File::open(self.files().path(KALLSYMS)).map_err(unreadable)?;
        scan(BufReader::with_capacity(1 << 17, file), &mut found).map_err(unreadable)?;
        Ok(found.values().any(|places| !places.is_empty()))
    }
}

/// Reads the list; whether it shows any address at all.
fn scan(mut list: impl BufRead, found: &mut Addresses) -> io::Result<bool> {
    let mut line = Vec::new();
    let mut shown = false;
    while list.read_until(b'\n', &mut line)? > 0 {
        if let Some((address, name, module)) = parse(&line) {
            shown |= address != 0;
            if let Some(places) = found.get_mut(name) {
                places.push(Address { address, module: module.map(str::to_owned) });
            }
        }
        line.clear();
    }
    Ok(shown)
}

fn parse(line: &[u8]) -> Option<(u64, &str, Option<&str>)> {
    parse_symbol(line).map(|(address, _, name, module)| (address, name, module))
}

/// `ffffffffc0412340 t dm_init [dm_mod]`, a tab in front of the module: address, kind, name, module.
pub(crate) fn parse_symbol(line: &[u8]) -> Option<(u64, u8, &str, Option<&str>)> {
    let line = std::str::from_utf8(line).ok()?.trim_end();
    let (address, rest) = line.split_once(' ')?;
    let (kind, rest) = rest.split_once(' ')?;
    let (name, module) = match rest.split_once('\t') {
        Some((name, module)) => (name, Some(module.trim_matches(['[', ']']))),
        None => (rest, None),
    };
    let name = name.split_once(LTO).map_or(name, |(name, _)| name);
    Some((u64::from_str_radix(address, 16).ok()?, *kind.as_bytes().first()?, name, module))
}

pub(crate) fn unreadable(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::not_found(
            "this kernel does not list its symbols: there is no /proc/kallsyms (CONFIG_KALLSYMS)",
        ),
        _ => Error::new(ErrorKind::System, "read /proc/kallsyms"),
    }
    .caused_by(error)
}

pub(crate) fn hidden(kernel: &Kernel) -> Error {
    let restrict = kernel.files().read("/proc/sys/kernel/kptr_restrict").unwrap_or_default();
    let lacking =
        held(kernel.files()).is_none_or(|held| !missing(held, &[Capability::Syslog]).is_empty());
    let why = match restrict.trim() {
        "2" => {
            "kernel.kptr_restrict is 2, which hides them from everybody: `sysctl -w \
                kernel.kptr_restrict=1`"
        }
        _ if lacking => "CAP_SYSLOG is missing: run as root, or `setcap cap_syslog+ep` the program",
        _ => "kernel.kptr_restrict and the capabilities do not tell why",
    };
    Error::new(ErrorKind::Permission, format!("/proc/kallsyms hides all addresses: {why}"))
}

#[cfg(test)]
mod tests {
    use super::{Addresses, parse, scan};

    const LIST: &[u8] = b"\
ffffffff81000000 T _stext
ffffffff82c0d9c0 D init_task
ffffffff82c0d9c8 d init_task_not
ffffffff82f00040 d counter.llvm.1234567
ffffffffc0412340 t helper\t[dm_mod]
ffffffffc0512340 t helper\t[nf_tables]
\xff\xfe
ffffffff
";

    fn find(list: &[u8], names: &[&str]) -> (bool, Addresses) {
        let mut found = names.iter().map(|name| ((*name).to_owned(), Vec::new())).collect();
        let shown = scan(list, &mut found).unwrap();
        (shown, found)
    }

    #[test]
    fn names_are_found_where_they_are() {
        let (shown, found) = find(LIST, &["init_task", "counter", "helper", "absent"]);
        assert!(shown);
        let places = |name: &str| -> Vec<_> {
            found[name].iter().map(|place| (place.address, place.module.as_deref())).collect()
        };
        assert_eq!(places("init_task"), [(0xffff_ffff_82c0_d9c0, None)]);
        assert_eq!(places("counter"), [(0xffff_ffff_82f0_0040, None)]);
        let helper =
            [(0xffff_ffff_c041_2340, Some("dm_mod")), (0xffff_ffff_c051_2340, Some("nf_tables"))];
        assert_eq!(places("helper"), helper);
        assert!(found["absent"].is_empty());
    }

    #[test]
    fn hidden_addresses_are_seen_as_such() {
        let (shown, found) = find(b"0000000000000000 D init_task\n", &["init_task"]);
        assert!(!shown && found["init_task"].len() == 1);
    }

    #[test]
    fn lines_that_are_none() {
        for line in [&b""[..], b"x", b"x y", b"x y z", b"12 T"] {
            assert!(parse(line).is_none(), "{line:?}");
        }
    }
}
