//! A program with marks (USDT), assembled when it is needed.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::{clang::Clang, skip, tree};

/// `testdata/user/marks.S` as a program; its file lives as long as this.
#[derive(Debug)]
pub struct Marks {
    folder: TempDir,
}

impl Marks {
    /// Assembles it: to run at fixed addresses, or anywhere. `None` and a counted skip on other machines than x86-64, and
    /// where there is no clang.
    ///
    /// # Panics
    /// If it cannot be assembled.
    #[track_caller]
    pub fn new(fixed: bool) -> Option<Self> {
        if !cfg!(target_arch = "x86_64") {
            skip::part("the program with marks is for x86-64");
            return None;
        }
        let Some(clang) = Clang::DEFAULT.path() else {
            skip::tool("the program with marks takes clang to assemble");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("osmia-marks-").tempdir();
        let folder = folder.unwrap_or_else(|error| panic!("a folder for a program: {error}"));
        let marks = Self { folder };
        let output = Command::new(clang)
            .args(["-nostdlib", if fixed { "-static" } else { "-static-pie" }, "-o"])
            .arg(marks.path())
            .arg(tree::root().join("testdata/user/marks.S"))
            .output()
            .unwrap_or_else(|error| panic!("clang: {error}"));
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "testdata/user/marks.S: {told}");
        Some(marks)
    }

    /// The program's file.
    pub fn path(&self) -> PathBuf {
        self.folder().join("marks")
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }
}
