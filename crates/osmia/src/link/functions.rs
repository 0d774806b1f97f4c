//! The kernel's functions by name: which there are, and which can be probed.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;
use crate::link::pattern::fits;
use crate::tracefs;
use osmia_btf::near::nearest;

/// Why a function cannot be probed, which may be written `module:function`: it is not there, and what may have been meant; it
/// is in another module; it is not to be probed.
pub(crate) fn explain(kernel: &Kernel, wanted: &str) -> Error {
    let Ok(symbols) = kernel.files().read("/proc/kallsyms") else {
        return Error::not_found(format!(
            "this kernel has no function `{wanted}` that can be probed (/proc/kallsyms cannot be read to look further)"
        ));
    };
    let (module, wanted) = match wanted.rsplit_once(':') {
        Some((module, name)) => (Some(module), name),
        None => (None, wanted),
    };
    let names = || symbols.lines().filter_map(function);
    let same: Vec<Option<&str>> =
        names().filter(|(name, _)| *name == wanted).map(|(_, module)| module).collect();
    let fit = same.iter().filter(|found| module.is_none() || **found == module).count();
    let (kind, message) = match (same.len(), fit) {
        (0, _) => {
            let prefix = format!("{wanted}.");
            let split = names().map(|(name, _)| name).find(|name| name.starts_with(&prefix));
            (ErrorKind::NotFound, absent(wanted, split, names().map(|(name, _)| name)))
        }
        (_, 0) => (
            ErrorKind::NotFound,
            format!(
                "the function `{wanted}` is in {}, not in module `{}`",
                places(&same),
                module.unwrap_or_default()
            ),
        ),
        (_, 1) => (
            ErrorKind::Invalid,
            format!(
                "the function `{wanted}` is in {} and cannot be probed: it is notrace, on the kprobe blacklist, or in \
                 memory that is free after boot",
                places(&same)
            ),
        ),
        (count, _) => (
            ErrorKind::Invalid,
            format!(
                "there are {count} functions `{wanted}`, in {}, so that the name does not say which",
                places(&same)
            ),
        ),
    };
    Error::new(kind, message)
}

/// Where functions are, in words, each place once.
fn places(modules: &[Option<&str>]) -> String {
    let words: BTreeSet<String> = modules
        .iter()
        .map(|module| match module {
            Some(module) => format!("module `{module}`"),
            None => "the kernel itself".to_owned(),
        })
        .collect();
    words.into_iter().collect::<Vec<_>>().join(" and ")
}

fn absent<'a>(wanted: &str, split: Option<&str>, names: impl Iterator<Item = &'a str>) -> String {
    if let Some(split) = split {
        return format!(
            "this kernel has no function `{wanted}`, but a part of it that the compiler made: `{split}`"
        );
    }
    // There are some hundred thousand names: only those that look alike are compared.
    let alike = names.filter(|name| {
        name.len().abs_diff(wanted.len()) <= 3
            && name.as_bytes().first() == wanted.as_bytes().first()
    });
    let near = match nearest(wanted, alike) {
        Some(near) => format!("did you mean `{near}`? "),
        None => String::new(),
    };
    format!(
        "this kernel has no function `{wanted}`; {near}It may be inlined everywhere, in a module that is not loaded, \
         or under another name in this version"
    )
}

/// A function's name and its module, if this line of the table is of a function.
fn function(line: &str) -> Option<(&str, Option<&str>)> {
    let mut words = line.split_ascii_whitespace();
    let (_, kind, name) = (words.next()?, words.next()?, words.next()?);
    let module = words.next().map(|module| module.trim_matches(['[', ']']));
    matches!(kind, "t" | "T" | "w" | "W").then_some((name, module))
}

/// The functions that fit one of these patterns and can be traced, by name, each once.
pub(crate) fn matching(kernel: &Kernel, patterns: &[String]) -> Result<Vec<String>, Error> {
    let list = traceable(kernel)?;
    let found: BTreeSet<&str> =
        fitting(&list, patterns).filter_map(|line| line.split_ascii_whitespace().next()).collect();
    if found.is_empty() {
        return Err(none_fits(patterns));
    }
    Ok(found.into_iter().map(str::to_owned).collect())
}

/// The same without those of modules, and without names that more than one function has.
pub(crate) fn matching_one(kernel: &Kernel, patterns: &[String]) -> Result<Vec<String>, Error> {
    let list = traceable(kernel)?;
    let mut found: BTreeMap<&str, u32> = BTreeMap::new();
    // What is in a module has its name behind it.
    for line in fitting(&list, patterns).filter(|line| !line.contains('[')) {
        *found.entry(line.trim_end()).or_default() += 1;
    }
    if found.is_empty() {
        return Err(none_fits(patterns));
    }
    let once = found.into_iter().filter(|(_, count)| *count == 1);
    Ok(once.map(|(name, _)| name.to_owned()).collect())
}

fn none_fits(patterns: &[String]) -> Error {
    Error::not_found(format!(
        "no function of this kernel that can be traced fits {}",
        patterns.join(", ")
    ))
}

/// The kernel's list of the functions that can be traced.
fn traceable(kernel: &Kernel) -> Result<String, Error> {
    let list = tracefs::directory(kernel)?.join("available_filter_functions");
    std::fs::read_to_string(&list).map_err(|error| {
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            _ => ErrorKind::Permission,
        };
        let message = format!(
            "read {}, in which the kernel lists the functions that can be traced",
            list.display()
        );
        Error::new(kind, message).caused_by(error)
    })
}

/// The lines of the list whose function fits.
fn fitting<'a>(list: &'a str, patterns: &'a [String]) -> impl Iterator<Item = &'a str> {
    list.lines().filter(|line| {
        let name = line.split_ascii_whitespace().next().unwrap_or_default();
        // The kernel names padding that it cannot name otherwise so.
        let real = !name.is_empty() && !name.starts_with("__ftrace_invalid_address__");
        real && patterns.iter().any(|pattern| fits(pattern, name))
    })
}

#[cfg(test)]
mod tests {
    use super::{absent, explain, function};
    use crate::error::kind::ErrorKind;
    use crate::kernel::Kernel;

    #[test]
    fn functions_are_told_from_data() {
        assert_eq!(function("ffffffff81000000 T do_exit"), Some(("do_exit", None)));
        assert_eq!(
            function("ffffffffc0000000 t veth_xmit\t[veth]"),
            Some(("veth_xmit", Some("veth")))
        );
        assert_eq!(function("ffffffff82000000 D jiffies"), None);
        assert_eq!(function("nonsense"), None);
    }

    const SYMBOLS: &str = "\
ffffffff81000000 T do_exit
ffffffff81000100 t helper
ffffffffc0000000 t veth_xmit\t[veth]
ffffffffc0000100 t helper\t[veth]
ffffffffc0001000 t init\t[one]
ffffffffc0002000 t init\t[two]
";

    #[test]
    fn where_a_function_is_is_told() {
        let root = tempfile::tempdir().unwrap();
        let kernel = Kernel::builder().root(root.path()).build().unwrap();
        let text = explain(&kernel, "do_exit").to_string();
        assert!(text.contains("/proc/kallsyms cannot be read"), "{text}");
        std::fs::create_dir(root.path().join("proc")).unwrap();
        std::fs::write(root.path().join("proc/kallsyms"), SYMBOLS).unwrap();
        for (wanted, kind, told) in [
            ("do_exi", ErrorKind::NotFound, "did you mean `do_exit`?"),
            (
                "do_exit",
                ErrorKind::Invalid,
                "is in the kernel itself and cannot be probed: it is notrace",
            ),
            ("veth_xmit", ErrorKind::Invalid, "is in module `veth` and cannot be probed"),
            ("veth:veth_xmit", ErrorKind::Invalid, "is in module `veth` and cannot be probed"),
            ("tun:veth_xmit", ErrorKind::NotFound, "is in module `veth`, not in module `tun`"),
            ("tun:do_exit", ErrorKind::NotFound, "is in the kernel itself, not in module `tun`"),
            ("init", ErrorKind::Invalid, "2 functions `init`, in module `one` and module `two`"),
            (
                "helper",
                ErrorKind::Invalid,
                "2 functions `helper`, in module `veth` and the kernel itself",
            ),
        ] {
            let error = explain(&kernel, wanted);
            assert_eq!(error.kind(), kind, "{wanted}: {error}");
            assert!(error.to_string().contains(told), "{wanted}: {error}");
        }
    }

    #[test]
    fn what_may_have_been_meant_is_told() {
        let names = ["do_exit", "do_exec", "tcp_connect"];
        let said = absent("do_exi", None, names.into_iter());
        assert!(said.contains("did you mean `do_exit`?"), "{said}");
        let said = absent("foo", Some("foo.isra.0"), names.into_iter());
        assert!(said.contains("`foo.isra.0`"), "{said}");
    }
}
