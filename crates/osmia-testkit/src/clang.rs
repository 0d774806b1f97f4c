//! The clangs that test programs are compiled with.

use std::{
    env, fmt, fs,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use crate::skip;

/// A clang, by the name of its command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Clang(Option<u32>);

impl Clang {
    /// The machine's `clang`.
    pub const DEFAULT: Self = Self(None);
    /// `clang-14`.
    pub const V14: Self = Self(Some(14));
    /// `clang-16`.
    pub const V16: Self = Self(Some(16));
    /// `clang-19`: the first here that knows the instructions of v4.
    pub const V19: Self = Self(Some(19));
    /// `clang-22`: the first here that makes jump tables.
    pub const V22: Self = Self(Some(22));
    /// The clangs whose objects must work.
    pub const ALL: [Self; 4] = [Self::V14, Self::V16, Self::V19, Self::V22];

    /// Those of [`ALL`](Self::ALL) that this machine has; each other one is a counted skip of a part of the test.
    #[track_caller]
    pub fn present() -> Vec<Self> {
        let mut present = Vec::new();
        for clang in Self::ALL {
            if clang.can_be_had() {
                present.push(clang);
            } else {
                skip::part(format_args!("{clang} is not installed"));
            }
        }
        present
    }

    /// The command's path, looked for as a shell would.
    pub fn path(self) -> Option<PathBuf> {
        let name = self.to_string();
        env::split_paths(&env::var_os("PATH")?)
            .map(|dir| dir.join(&name))
            .find(|path| path.is_file())
    }

    /// The clang of a command's name.
    pub fn named(name: &str) -> Option<Self> {
        match name.strip_prefix("clang")? {
            "" => Some(Self::DEFAULT),
            version => version.strip_prefix('-')?.parse().ok().map(|version| Self(Some(version))),
        }
    }

    /// Whether fixtures can be had from it: it is installed, or its objects were compiled beforehand.
    fn can_be_had(self) -> bool {
        env::var_os(crate::fixture::PACKED).is_some() || self.path().is_some()
    }
}

impl fmt::Display for Clang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("clang"),
            Some(version) => write!(f, "clang-{version}"),
        }
    }
}

/// What a file is told by that is too large, or too often looked at, to be read: its path, size and time of change.
pub(crate) fn stamp(path: &Path) -> String {
    let Ok(meta) = fs::metadata(path) else { return format!("{} is gone", path.display()) };
    let changed = meta.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    format!("{} {} {}", path.display(), meta.len(), changed.unwrap_or_default().as_nanos())
}

#[cfg(test)]
mod tests {
    use super::Clang;

    #[test]
    fn names_go_both_ways() {
        for clang in [Clang::DEFAULT, Clang::V14, Clang::V19] {
            assert_eq!(Clang::named(&clang.to_string()), Some(clang));
        }
        assert_eq!(Clang::named("gcc"), None);
        assert_eq!(Clang::named("clang-x"), None);
    }
}
