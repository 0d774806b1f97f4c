//! Why there is no module.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use crate::clang::diagnostic::{Diagnostic, Severity};
use crate::clang::version::Version;

/// Why a C file did not become a module; says where, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no clang.
    #[error(
        "there is no clang in $PATH: install it (Debian, Ubuntu, Fedora, Alpine and Arch call the \
         package clang), or name one in $OSMIA_CLANG"
    )]
    NoClang,
    /// The compiler cannot be started.
    #[error("`{clang}` cannot be started; name a clang in $OSMIA_CLANG")]
    Start {
        /// What was to be started.
        clang: String,
        /// Why it was not.
        source: io::Error,
    },
    /// What was named as a clang is something else.
    #[error(
        "`{program}` is not a clang: asked for its version it says \"{said}\"; name one in $OSMIA_CLANG"
    )]
    NotClang {
        /// What was named.
        program: String,
        /// Its first line.
        said: String,
    },
    /// A clang that is too old for BTF.
    #[error(
        "`{clang}` is clang {version}, and {} is the first that can be used; name another one in \
         $OSMIA_CLANG",
        Version::OLDEST
    )]
    OldClang {
        /// What was started.
        clang: String,
        /// Its version.
        version: Version,
    },
    /// What is to be compiled is no C.
    #[error("{} is no C file: {what}", path.display())]
    NotC {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// The compiler refuses the source.
    #[error("{}", complaint(source_file, clang, *errors, *remedy))]
    Compile {
        /// The C file.
        source_file: PathBuf,
        /// The compiler.
        clang: String,
        /// How many errors it found.
        errors: usize,
        /// What it says.
        diagnostics: Vec<Diagnostic>,
        /// What it says, as it says it.
        said: String,
        /// What helps, where that is known.
        remedy: Option<&'static str>,
    },
    /// The object cannot be read.
    #[error("the object cannot be read")]
    Object(#[from] osmia_object::Error),
    /// There is no folder to write to.
    #[error(
        "$OUT_DIR is not set: call this from a build script, or give a folder with `Builder::out_dir`"
    )]
    NoOutDir,
    /// The running kernel does not tell its types.
    #[error(
        "the C includes vmlinux.h, there is none in its folders, and it cannot be made: the running \
         kernel has no /sys/kernel/btf/vmlinux (CONFIG_DEBUG_INFO_BTF). Give a file with a kernel's \
         types: `Builder::vmlinux(Vmlinux::File(..))`"
    )]
    NoKernelTypes,
    /// The object was compiled without debug information.
    #[error("the object has no types (BTF): compile it with -g")]
    NoBtf,
    /// A type that is asked for is not in the object.
    #[error("{}", missing(ty, nearest.as_deref(), anchor))]
    NoSuchType {
        /// The type, as it was asked for.
        ty: String,
        /// A type with nearly that name.
        nearest: Option<String>,
        /// The type as a declaration in C would write it.
        anchor: String,
    },
    /// A type of which the object has the name only.
    #[error("{}", undefined(ty))]
    Undefined {
        /// The type, as C writes it.
        ty: String,
    },
    /// Events are said to be in a ring buffer that the object does not have, or has several of.
    #[error("{}", no_ring(map.as_deref(), ty, rings))]
    NoSuchRing {
        /// The ring buffer that was named.
        map: Option<String>,
        /// The type of the events.
        ty: String,
        /// The object's ring buffers.
        rings: Vec<String>,
    },
    /// The object's types cannot be read.
    #[error("the object's types (BTF) cannot be read")]
    Btf(#[from] osmia_btf::Error),
    /// A type's record contradicts itself.
    #[error("{ty} cannot be laid out: {problem}")]
    Layout {
        /// The type.
        ty: String,
        /// What contradicts what.
        problem: String,
    },
    /// A module cannot be for both byte orders.
    #[error(
        "the C has other types in the other byte order, so that one module cannot be for both: where it \
         has `{little}` for little-endian machines, it has `{big}` for big-endian ones"
    )]
    ByteOrders {
        /// The first line that differs, for little-endian machines.
        little: String,
        /// The same for big-endian ones.
        big: String,
    },
    /// The compiler's object cannot be taken apart.
    #[error("the compiler's object cannot be read")]
    Strip(#[source] object::build::Error),
    /// The system refuses to read or write a file.
    #[error("cannot {attempt} {}", path.display())]
    Io {
        /// What was tried.
        attempt: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl Error {
    /// Whether all that the compiler misses is `vmlinux.h`.
    pub(crate) fn is_missing_vmlinux(&self) -> bool {
        let Self::Compile { diagnostics, .. } = self else { return false };
        let errors = diagnostics.iter().filter(|said| said.severity == Severity::Error);
        let mut errors = errors.map(|error| error.message.contains("'vmlinux.h' file not found"));
        errors.next().is_some_and(|first| first && errors.all(|also| also))
    }

    /// There is no room for temporary files.
    pub(crate) fn temporary(source: io::Error) -> Self {
        Self::Io { attempt: "make a temporary folder in", path: std::env::temp_dir(), source }
    }
}

fn complaint(source: &Path, clang: &str, errors: usize, remedy: Option<&str>) -> String {
    let mut text = format!("{} does not compile: ", source.display());
    let _ = match errors {
        0 => write!(text, "{clang} failed without saying why"),
        1 => write!(text, "{clang} found an error"),
        errors => write!(text, "{clang} found {errors} errors"),
    };
    if let Some(remedy) = remedy {
        text.push_str(". ");
        text.push_str(remedy);
    }
    text
}

fn missing(ty: &str, nearest: Option<&str>, anchor: &str) -> String {
    let nearest = nearest.map(|name| format!(" (there is `{name}`)")).unwrap_or_default();
    format!(
        "the object has no type `{ty}`{nearest}: clang keeps those only that a map, a global variable \
         or a function's parameters have. To keep it, write `const {anchor} *unused \
         __attribute__((unused));` outside of all functions, or give the ring buffer \
         `__type(value, {anchor});`"
    )
}

fn undefined(ty: &str) -> String {
    format!(
        "the object has the name of `{ty}` only: nothing in the C needs to know what is in it. Include the \
         header that defines it, and to keep it write `const {ty} *unused __attribute__((unused));` outside \
         of all functions"
    )
}

fn no_ring(map: Option<&str>, ty: &str, rings: &[String]) -> String {
    let rings = match rings {
        [] => "it has none".to_owned(),
        rings => format!("it has {}", rings.join(", ")),
    };
    match map {
        Some(map) => {
            format!("the object has no ring buffer `{map}` for events of type `{ty}`; {rings}")
        }
        None => format!(
            "the object has several ring buffers: say which one has events of type `{ty}`; {rings}"
        ),
    }
}

/// Says what was tried with which file.
pub(crate) trait IoContext<T> {
    fn during(self, attempt: &'static str, path: &Path) -> Result<T, Error>;
}

impl<T> IoContext<T> for io::Result<T> {
    fn during(self, attempt: &'static str, path: &Path) -> Result<T, Error> {
        self.map_err(|source| Error::Io { attempt, path: path.to_owned(), source })
    }
}
