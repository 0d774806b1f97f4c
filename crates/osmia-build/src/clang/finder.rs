//! Which clang to use.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::clang::version::Version;
use crate::error::Error;

/// The environment variable that names the clang to use.
pub(crate) const VARIABLE: &str = "OSMIA_CLANG";

/// A clang that runs on this machine.
#[derive(Clone, Debug)]
pub struct Clang {
    /// The program, behind what it is to be started through (`ccache`).
    words: Vec<OsString>,
    version: Version,
}

impl Clang {
    /// Finds one: what `$OSMIA_CLANG` names, else `clang`, else the newest `clang-NN`, in `$PATH`.
    ///
    /// # Errors
    /// There is none, it does not run, or it is older than [`Version::OLDEST`].
    pub fn find() -> Result<Self, Error> {
        if let Some(named) = env::var_os(VARIABLE).filter(|named| !named.is_empty()) {
            return Self::named(&named);
        }
        let path = env::var_os("PATH").unwrap_or_default();
        let dirs: Vec<PathBuf> = env::split_paths(&path).collect();
        let plain = dirs.iter().map(|dir| dir.join("clang")).find(|path| path.is_file());
        let newest = || dirs.iter().flat_map(|dir| numbered(dir)).max_by_key(|found| found.0);
        match plain.or_else(|| newest().map(|(_, path)| path)) {
            Some(program) => Self::started_with(vec![program.into()]),
            None => Err(Error::NoClang),
        }
    }

    /// The clang of this name or path. Other words may stand in front of it: `ccache clang-19`.
    ///
    /// # Errors
    /// It does not run, is no clang, or is older than [`Version::OLDEST`].
    pub fn named(name: &OsStr) -> Result<Self, Error> {
        let words = match name.to_str() {
            // A path may have spaces in it.
            Some(text) if !Path::new(text).is_file() => {
                text.split_whitespace().map(OsString::from).collect()
            }
            _ => vec![name.to_owned()],
        };
        Self::started_with(words)
    }

    fn started_with(words: Vec<OsString>) -> Result<Self, Error> {
        let mut clang = Self { words, version: Version::OLDEST };
        let output = clang.command().arg("--version").output();
        let output = output.map_err(|source| Error::Start { clang: clang.name(), source })?;
        let said = String::from_utf8_lossy(&output.stdout);
        let Some(version) = Version::parse(&said) else {
            let said = said.lines().next().unwrap_or_default().to_owned();
            return Err(Error::NotClang { program: clang.name(), said });
        };
        if version < Version::OLDEST {
            return Err(Error::OldClang { clang: clang.name(), version });
        }
        clang.version = version;
        Ok(clang)
    }

    /// Its version.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// How it is called, for messages.
    pub fn name(&self) -> String {
        let words: Vec<_> = self.words.iter().map(|word| word.to_string_lossy()).collect();
        words.join(" ")
    }

    pub(crate) fn command(&self) -> Command {
        let mut words = self.words.iter();
        let mut command = Command::new(words.next().map_or("clang".as_ref(), OsString::as_os_str));
        command.args(words);
        // Messages are read, so they have to be in one language.
        command.env("LC_ALL", "C");
        command
    }
}

/// The `clang-NN` in a folder, with their numbers.
fn numbered(dir: &Path) -> Vec<(u32, PathBuf)> {
    let Ok(entries) = dir.read_dir() else { return Vec::new() };
    let number = |path: PathBuf| {
        let number = path.file_name()?.to_str()?.strip_prefix("clang-")?.parse().ok()?;
        path.is_file().then_some((number, path))
    };
    entries.filter_map(|entry| number(entry.ok()?.path())).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Clang, numbered};
    use crate::error::Error;

    #[test]
    fn finds_this_machines_and_tells_its_version() {
        let clang = Clang::find().unwrap();
        assert!(clang.version() >= super::Version::OLDEST, "{clang:?}");
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["clang-9", "clang-16", "clang-cpp-19", "clang-", "clang"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        let newest = numbered(dir.path()).into_iter().max_by_key(|found| found.0).unwrap();
        assert_eq!(newest, (16, dir.path().join("clang-16")));
        assert!(numbered(&dir.path().join("absent")).is_empty());
    }

    #[test]
    fn what_is_no_clang_is_said_so() {
        assert!(matches!(Clang::named("true".as_ref()), Err(Error::NotClang { .. })));
        assert!(matches!(Clang::named("/nonexistent/clang".as_ref()), Err(Error::Start { .. })));
        let wrapped = Clang::named("env clang".as_ref()).unwrap();
        assert_eq!(wrapped.name(), "env clang");
    }
}
