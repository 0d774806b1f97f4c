//! What is to be compiled, and how.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::{env, fs};

use osmia_btf::{Btf, Endian};
use osmia_object::ObjectSpec;

use crate::cargo;
use crate::clang::compile::{Compile, Compiled};
use crate::clang::cpu::Cpu;
use crate::clang::diagnostic::Diagnostic;
use crate::clang::finder::Clang;
use crate::clang::target::Target;
use crate::compiled_object::CompiledObject;
use crate::error::Error;
use crate::generate::module::generate;
use crate::generate::names;
use crate::generate::request::{EventType, Options};
use crate::generated::Generated;
use crate::strip::strip;
use crate::vmlinux::{self, Vmlinux};

/// Compiles a BPF C file and generates a Rust module for it.
///
/// # Examples
/// In a build script:
/// ```no_run
/// osmia_build::Builder::new("src/bpf/events.bpf.c")
///     .event("struct event")
///     .include("src/bpf/include")
///     .compile();
/// ```
#[derive(Clone, Debug)]
pub struct Builder {
    source: PathBuf,
    name: Option<String>,
    clang: Option<OsString>,
    target: Option<Target>,
    both_endians: bool,
    cpu: Cpu,
    includes: Vec<PathBuf>,
    defines: Vec<String>,
    args: Vec<OsString>,
    vmlinux: Vmlinux,
    out_dir: Option<PathBuf>,
    checked_in: Option<PathBuf>,
    types: Vec<String>,
    events: Vec<EventType>,
}

impl Builder {
    /// Compiles this C file. Its name up to the first dot is the module's.
    pub fn new(source: impl AsRef<Path>) -> Self {
        Self {
            source: source.as_ref().to_owned(),
            name: None,
            clang: None,
            target: None,
            both_endians: false,
            cpu: Cpu::default(),
            includes: Vec::new(),
            defines: Vec::new(),
            args: Vec::new(),
            vmlinux: Vmlinux::default(),
            out_dir: None,
            checked_in: None,
            types: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Gives the module another name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Looks for headers in this folder, too.
    #[must_use]
    pub fn include(mut self, dir: impl AsRef<Path>) -> Self {
        self.includes.push(dir.as_ref().to_owned());
        self
    }

    /// Defines a macro: `NAME`, or `NAME=value`.
    #[must_use]
    pub fn define(mut self, definition: impl Into<String>) -> Self {
        self.defines.push(definition.into());
        self
    }

    /// Hands the compiler an argument of its own.
    #[must_use]
    pub fn clang_arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Compiles with this clang; see [`Clang::named`]. Otherwise it is found as
    /// [`Clang::find`] tells.
    #[must_use]
    pub fn clang(mut self, clang: impl AsRef<OsStr>) -> Self {
        self.clang = Some(clang.as_ref().to_owned());
        self
    }

    /// Compiles for this machine. Otherwise it is the one that cargo builds for, and outside
    /// of build scripts the one that this runs on.
    #[must_use]
    pub fn target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    /// Compiles for both byte orders: `name.le.o` and `name.be.o`, of which a build of the module embeds
    /// the one for its machine. For modules that are checked in.
    #[must_use]
    pub fn both_endians(mut self) -> Self {
        self.both_endians = true;
        self
    }

    /// Lets the compiler use the instructions of this set.
    #[must_use]
    pub fn cpu(mut self, cpu: Cpu) -> Self {
        self.cpu = cpu;
        self
    }

    /// Says whose types stand in `vmlinux.h`, if the C includes one and there is none in its
    /// folders. Otherwise they are those of the running kernel.
    #[must_use]
    pub fn vmlinux(mut self, vmlinux: Vmlinux) -> Self {
        self.vmlinux = vmlinux;
        self
    }

    /// Generates these types although no map or variable has them: `struct event`.
    ///
    /// The compiler must have kept them; see [`event`](Self::event).
    #[must_use]
    pub fn types(mut self, types: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.types.extend(types.into_iter().map(Into::into));
        self
    }

    /// Says that the events in the object's only ring buffer are of this type: `struct event`.
    ///
    /// The compiler keeps the types that a map, a global variable or a function's
    /// parameters have, and drops all others. In C, this keeps one:
    /// ```c
    /// const struct event *unused __attribute__((unused));
    /// ```
    /// A ring buffer can say it in C instead, by a `__type(value, struct event);` in its definition.
    #[must_use]
    pub fn event(mut self, ty: impl Into<String>) -> Self {
        self.events.push(EventType { map: None, ty: ty.into() });
        self
    }

    /// Says that the events in this ring buffer are of this type.
    #[must_use]
    pub fn event_of(mut self, map: impl Into<String>, ty: impl Into<String>) -> Self {
        self.events.push(EventType { map: Some(map.into()), ty: ty.into() });
        self
    }

    /// Writes to this folder. Otherwise it is the one that cargo gives build scripts.
    #[must_use]
    pub fn out_dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.out_dir = Some(dir.as_ref().to_owned());
        self
    }

    /// Takes the module from this folder where it cannot be made: on docs.rs, and, with a warning,
    /// where there is no clang.
    ///
    /// `osmia gen rust FILE.bpf.c -o FOLDER` puts it there, and with `--check` it tells whether it is current.
    #[must_use]
    pub fn checked_in(mut self, dir: impl AsRef<Path>) -> Self {
        self.checked_in = Some(dir.as_ref().to_owned());
        self
    }

    /// Compiles and generates, for build scripts: writes `name.o` and `name.rs` for
    /// `osmia::include_bpf!(name)` into cargo's folder, tells cargo what they depend on, and shows
    /// the compiler's warnings as cargo's.
    ///
    /// If that cannot be done, cargo shows why, and the build ends.
    pub fn compile(&self) {
        let is_docs_rs = env::var_os("DOCS_RS").is_some();
        cargo::finish(self.out_dir.as_deref(), &self.source, self.make(is_docs_rs));
    }

    /// The module, or the one that is checked in.
    fn make(&self, is_docs_rs: bool) -> Result<Generated, Error> {
        let Some(folder) = &self.checked_in else { return self.generate() };
        // There is a clang on docs.rs, and no headers.
        match if is_docs_rs { Err(Error::NoClang) } else { self.generate() } {
            Err(Error::NoClang) => {
                let mut made = Generated::read_from(folder, self.module_name())?;
                made.inputs.push(self.source.clone());
                let text = format!("{}; {} is built in", Error::NoClang, folder.display());
                let warning = (!is_docs_rs).then(|| Diagnostic::warning(text));
                made.warnings.extend(warning);
                Ok(made)
            }
            made => made,
        }
    }

    /// Compiles and generates, and writes nothing.
    ///
    /// # Errors
    /// There is no clang, the C does not compile, or a type that is asked for is missing.
    pub fn generate(&self) -> Result<Generated, Error> {
        if self.both_endians {
            return self.generate_both();
        }
        let made = self.object()?;
        let name = self.module_name();
        let module = self.module(&made, format!("{name}.o"), None)?;
        let CompiledObject { object, inputs, warnings } = made;
        Ok(Generated { name, module, object, big_endian_object: None, inputs, warnings })
    }

    /// The same for both byte orders; the module has to be the same.
    fn generate_both(&self) -> Result<Generated, Error> {
        let name = self.module_name();
        let make = |endian| -> Result<(CompiledObject, String), Error> {
            let made = self.clone().target(self.machine().with_endian(endian)).object()?;
            let big_endian_file = Some(format!("{name}.be.o"));
            let module = self.module(&made, format!("{name}.le.o"), big_endian_file)?;
            Ok((made, module))
        };
        let (little, module) = make(Endian::Little)?;
        let (big, other) = make(Endian::Big)?;
        if let Some((one, other)) = module.lines().zip(other.lines()).find(|(a, b)| a != b) {
            let [little, big] = [one, other].map(|line| line.trim().to_owned());
            return Err(Error::ByteOrders { little, big });
        }
        let CompiledObject { object, inputs, warnings } = little;
        let big_endian_object = Some(big.object);
        Ok(Generated { name, module, object, big_endian_object, inputs, warnings })
    }

    fn module(
        &self,
        made: &CompiledObject,
        object_file: String,
        big_endian_file: Option<String>,
    ) -> Result<String, Error> {
        let spec = ObjectSpec::parse(&self.module_name(), made.object.clone().into())?;
        let file = self.source.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let options = Options {
            object_file,
            big_endian_file,
            source: file,
            types: self.types.clone(),
            events: self.events.clone(),
            sources: self.sources(&made.inputs),
        };
        generate(&spec, &options)
    }

    /// The machine that is compiled for.
    fn machine(&self) -> Target {
        self.target.or_else(Target::of_cargo).unwrap_or_else(Target::host)
    }

    /// The texts of what the compiler read, without the system's headers and `vmlinux.h`.
    fn sources(&self, inputs: &[PathBuf]) -> Vec<String> {
        let folder = self.source.canonicalize().ok();
        let folders: Vec<PathBuf> = folder
            .iter()
            .filter_map(|source| source.parent().map(Path::to_owned))
            .chain(self.includes.iter().filter_map(|dir| dir.canonicalize().ok()))
            .collect();
        let of_user = |file: &PathBuf| {
            folders.iter().any(|dir| file.starts_with(dir)) && !file.ends_with("vmlinux.h")
        };
        let files = inputs.iter().filter_map(|input| input.canonicalize().ok()).filter(of_user);
        // A file that is gone by now, or is no text, has no comments to give.
        files.filter_map(|file| fs::read_to_string(file).ok()).collect()
    }

    /// Compiles, and generates no module.
    ///
    /// # Errors
    /// There is no clang, or the C does not compile.
    pub fn object(&self) -> Result<CompiledObject, Error> {
        let Compiled { object, inputs, warnings } = self.run_clang()?;
        Ok(CompiledObject { object: strip(&object)?, inputs, warnings })
    }

    /// As much of `vmlinux.h` as the C file uses, which includes it, with these types.
    ///
    /// It has the types that the C and its headers name, what those contain, and what they point to
    /// where the C follows the pointer: `task->mm->pgd` takes in `struct mm_struct`, which is named
    /// nowhere. A type whose name the C puts together of pieces may be missing.
    ///
    /// # Errors
    /// There is no clang, a header of the C is missing, or the types are broken.
    pub fn vmlinux_header(&self, types: &Btf) -> Result<String, Error> {
        let scratch = tempfile::tempdir().map_err(Error::temporary)?;
        vmlinux::write_text(&osmia_btf::c::header(types)?, scratch.path())?;
        let mut compile = self.clang_run()?;
        compile.made = Some(scratch.path().to_owned());
        vmlinux::used_header(types, &compile.preprocess(&self.source)?)
    }

    /// The module's name: the file's up to its first dot, as Rust may have it.
    fn module_name(&self) -> String {
        let file = || self.source.file_name().unwrap_or_default().to_string_lossy();
        let stem = || file().split('.').next().unwrap_or_default().to_owned();
        names::plain(&self.name.clone().unwrap_or_else(stem))
    }

    /// What the compiler is asked for.
    fn clang_run(&self) -> Result<Compile, Error> {
        Ok(Compile {
            clang: self.clang.as_deref().map_or_else(Clang::find, Clang::named)?,
            target: self.machine(),
            cpu: self.cpu,
            includes: self.includes.clone(),
            made: None,
            defines: self.defines.clone(),
            args: self.args.clone(),
        })
    }

    fn run_clang(&self) -> Result<Compiled, Error> {
        let mut compile = self.clang_run()?;
        match (compile.run(&self.source), self.vmlinux.file()) {
            (Err(error), Some(types)) if error.is_missing_vmlinux() => {
                let scratch = tempfile::tempdir().map_err(Error::temporary)?;
                // The folder's name is recorded, and must not be a new one each time.
                let made = scratch.path().join("vmlinux");
                vmlinux::write(types, &made)?;
                compile.made = Some(made.clone());
                let mut compiled = compile.run(&self.source)?;
                compiled.inputs.retain(|input| !input.starts_with(&made));
                if let Vmlinux::File(file) = &self.vmlinux {
                    compiled.inputs.push(file.clone());
                }
                Ok(compiled)
            }
            (result, _) => result,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Builder;
    use crate::fixture;

    #[test]
    fn what_is_checked_in_is_taken_where_there_is_no_making_it() {
        let (folder, none) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for both in [false, true] {
            let mut builder = Builder::new(fixture::source("events")).name(format!("x{both}"));
            if both {
                builder = builder.both_endians();
            }
            let made = builder.generate().unwrap();
            made.write_to(folder.path()).unwrap();
            let builder = builder.checked_in(folder.path());
            assert_eq!(builder.make(false).unwrap().inputs, made.inputs);
            // Nothing of this is there on docs.rs.
            let builder = builder.clang("/nonexistent/clang");
            let taken = builder.make(true).unwrap();
            assert_eq!(taken.files(), made.files());
            assert!(taken.warnings.is_empty());
            assert!(taken.inputs.iter().all(|input| input.exists()), "{:?}", taken.inputs);
            let error = builder.make(false).unwrap_err().to_string();
            assert!(error.contains("/nonexistent/clang"), "{error}");
            let error = builder.checked_in(none.path()).make(true).unwrap_err().to_string();
            assert!(error.contains(&format!("x{both}.rs")), "{error}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 5);
    }
}
