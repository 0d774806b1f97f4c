//! The version of a clang.

use std::fmt;

/// What `clang --version` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// `19` of `19.1.7`.
    pub major: u32,
    /// `1` of `19.1.7`.
    pub minor: u32,
    /// `7` of `19.1.7`.
    pub patch: u32,
}

impl Version {
    /// The first clang that records what CO-RE and BTF-defined maps need.
    pub const OLDEST: Self = Self { major: 10, minor: 0, patch: 0 };

    /// Reads the output of `clang --version`; `None` if it is no clang's.
    pub fn parse(output: &str) -> Option<Self> {
        let (_, rest) = output.split_once("clang version ")?;
        let number = rest.split(|c: char| c != '.' && !c.is_ascii_digit()).next()?;
        let mut parts = number.split('.').map(str::parse);
        let mut next = || parts.next().and_then(Result::ok);
        let major = next()?;
        Some(Self { major, minor: next().unwrap_or(0), patch: next().unwrap_or(0) })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn distributions_say_it_in_their_own_ways() {
        for (output, version) in [
            ("Debian clang version 14.0.6\nTarget: x86_64-pc-linux-gnu\n", "14.0.6"),
            ("Ubuntu clang version 19.1.7 (3)\n", "19.1.7"),
            ("clang version 20.0.0git (https://example.org 0123)\n", "20.0.0"),
            ("clang version 18", "18.0.0"),
        ] {
            assert_eq!(Version::parse(output).unwrap().to_string(), version);
        }
        assert_eq!(Version::parse("gcc (Debian 12.2.0-14) 12.2.0"), None);
        assert_eq!(Version::parse("clang version ?"), None);
    }
}
