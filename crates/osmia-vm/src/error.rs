//! Why a machine does not come to be.

use std::io;
use std::path::PathBuf;

/// Why a machine does not come to be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read or written.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A program cannot be run.
    #[error("run {program}")]
    Run {
        /// The program.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// A tool is not installed.
    #[error("{program} is not installed, and it takes that to {purpose}")]
    NoTool {
        /// The tool.
        program: String,
        /// What it is for.
        purpose: &'static str,
    },
    /// There is no kernel in a file.
    #[error(
        "{}: it is no kernel's ELF file, and there is none in it that zstd, lz4, xz or gzip can \
         read{missing}", path.display()
    )]
    NoKernel {
        /// The file.
        path: PathBuf,
        /// Which of these tools are missing here.
        missing: String,
    },
    /// A program's file cannot be understood.
    #[error("{}: {problem}", path.display())]
    Program {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
}

impl Error {
    pub(crate) fn file(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::File { path: path.into(), source }
    }
}
