//! Symbols of libraries that have versions: `memcpy@GLIBC_2.2.5`, `memcpy@@GLIBC_2.14`.

use std::fmt;

/// A symbol with the version that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Versioned<'a> {
    pub(crate) name: &'a str,
    pub(crate) version: Option<&'a str>,
    /// Whether who is linked today gets it; one without a version is.
    pub(crate) is_default: bool,
}

impl<'a> Versioned<'a> {
    /// A symbol as its table has it: the version of a dynamic one is told apart, others have it in their names.
    pub(crate) fn new(name: &'a str, version: Option<(&'a str, bool)>) -> Self {
        if let Some((version, is_default)) = version {
            return Self { name, version: Some(version), is_default };
        }
        let Wanted { name, version, is_default } = Wanted::parse(name);
        Self { name, version, is_default: is_default || version.is_none() }
    }
}

impl fmt::Display for Versioned<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.name, self.version, self.is_default)
    }
}

/// A symbol that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted<'a> {
    pub(crate) name: &'a str,
    /// Any, if none is said.
    version: Option<&'a str>,
    /// Only if it is what is linked with today: `@@`.
    is_default: bool,
}

impl<'a> Wanted<'a> {
    pub(crate) fn parse(text: &'a str) -> Self {
        match text.split_once('@') {
            Some((name, version)) => {
                let default = version.strip_prefix('@');
                let version = Some(default.unwrap_or(version));
                Self { name, version, is_default: default.is_some() }
            }
            None => Self { name: text, version: None, is_default: false },
        }
    }

    pub(crate) fn fits(&self, symbol: &Versioned<'_>) -> bool {
        self.name == symbol.name
            && self.version.is_none_or(|version| symbol.version == Some(version))
            && (symbol.is_default || !self.is_default)
    }
}

impl fmt::Display for Wanted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.name, self.version, self.is_default)
    }
}

fn write(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    version: Option<&str>,
    is_default: bool,
) -> fmt::Result {
    let at = if is_default { "@@" } else { "@" };
    match version {
        Some(version) => write!(f, "{name}{at}{version}"),
        None => f.write_str(name),
    }
}

#[cfg(test)]
mod tests {
    use super::{Versioned, Wanted};

    #[test]
    fn versions_are_asked_for_or_not() {
        let old = Versioned::new("memcpy", Some(("GLIBC_2.2.5", false)));
        let new = Versioned::new("memcpy", Some(("GLIBC_2.14", true)));
        let of_table = Versioned::new("memcpy@@GLIBC_2.14", None);
        assert_eq!(of_table, new);
        let plain = Versioned::new("main", None);
        assert!(plain.is_default && plain.version.is_none());
        for (wanted, fits) in [
            ("memcpy", [true, true]),
            ("memcpy@GLIBC_2.2.5", [true, false]),
            ("memcpy@GLIBC_2.14", [false, true]),
            ("memcpy@@GLIBC_2.14", [false, true]),
            ("memcpy@@GLIBC_2.2.5", [false, false]),
            ("memmove", [false, false]),
        ] {
            let parsed = Wanted::parse(wanted);
            assert_eq!([parsed.fits(&old), parsed.fits(&new)], fits, "{wanted}");
            assert_eq!(parsed.to_string(), wanted);
        }
        assert_eq!(
            [old.to_string(), new.to_string()],
            ["memcpy@GLIBC_2.2.5", "memcpy@@GLIBC_2.14"]
        );
    }
}
