//! A program with marks (USDT), assembled when it is needed.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::{clang::Clang, fixture, skip, tree};

/// `testdata/user/marks.S` as a program; its file lives as long as this.
#[derive(Debug)]
pub struct Marks {
    folder: TempDir,
}

impl Marks {
    /// Assembles it: to run at fixed addresses, or anywhere. `None` and a counted skip on other machines than x86-64 and
    /// arm64, and where there is no clang.
    ///
    /// # Panics
    /// If it cannot be assembled.
    #[track_caller]
    pub fn new(fixed: bool) -> Option<Self> {
        if !cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
            skip::part("the program with marks is for x86-64 and arm64");
            return None;
        }
        let folder = tempfile::Builder::new().prefix("osmia-marks-").tempdir();
        let folder = folder.unwrap_or_else(|error| panic!("a folder for a program: {error}"));
        let marks = Self { folder };
        if let Some(packed) = env::var_os(fixture::PACKED) {
            // The machine's tests may run it there, but each wants a file of its own.
            let packed = Path::new(&packed).join(Self::packed_name(fixed));
            fs::copy(&packed, marks.path())
                .unwrap_or_else(|error| panic!("{}: {error}", packed.display()));
            return Some(marks);
        }
        let Some(clang) = Clang::DEFAULT.path() else {
            skip::tool("the program with marks takes clang to assemble");
            return None;
        };
        Self::assemble(&mut Command::new(clang), fixed, &marks.path());
        Some(marks)
    }

    /// Both programs with the names that machines without clang look for them by; `None` without clang here. `tell` tells
    /// clang of the machine that they are for.
    ///
    /// # Panics
    /// If they cannot be assembled.
    pub fn to_pack(tell: impl Fn(&mut Command)) -> Option<[(String, Vec<u8>); 2]> {
        let clang = Clang::DEFAULT.path()?;
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("a folder: {error}"));
        Some([true, false].map(|fixed| {
            let path = folder.path().join(Self::packed_name(fixed));
            let mut clang = Command::new(&clang);
            tell(&mut clang);
            Self::assemble(&mut clang, fixed, &path);
            let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{error}"));
            (Self::packed_name(fixed).to_owned(), bytes)
        }))
    }

    fn packed_name(fixed: bool) -> &'static str {
        if fixed { "marks.fixed" } else { "marks.anywhere" }
    }

    fn assemble(clang: &mut Command, fixed: bool, to: &Path) {
        let output = clang
            .args(["-nostdlib", if fixed { "-static" } else { "-static-pie" }, "-o"])
            .arg(to)
            .arg(tree::root().join("testdata/user/marks.S"))
            .output()
            .unwrap_or_else(|error| panic!("clang: {error}"));
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "testdata/user/marks.S: {told}");
    }

    /// The program's file.
    pub fn path(&self) -> PathBuf {
        self.folder().join("marks")
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }
}
