//! One run of clang: from a C file to an object and what was read for it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::clang::cpu::Cpu;
use crate::clang::depfile;
use crate::clang::diagnostic::{self, Diagnostic, Severity};
use crate::clang::finder::Clang;
use crate::clang::remedy::remedy;
use crate::clang::source;
use crate::clang::target::Target;
use crate::error::{Error, IoContext};

/// What is asked of the compiler.
#[derive(Clone, Debug)]
pub(crate) struct Compile {
    pub clang: Clang,
    pub target: Target,
    pub cpu: Cpu,
    /// Folders of the user's headers.
    pub includes: Vec<PathBuf>,
    /// A folder of headers made for this compilation, looked at last.
    pub made: Option<PathBuf>,
    /// `NAME` or `NAME=value`.
    pub defines: Vec<String>,
    /// Whatever else the user wants; comes last, so that it wins.
    pub args: Vec<OsString>,
}

/// An object, and what came with it.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub object: Vec<u8>,
    /// The source and every header that it includes.
    pub inputs: Vec<PathBuf>,
    /// The compiler's warnings with their notes.
    pub warnings: Vec<Diagnostic>,
}

/// Always given. Debug information becomes BTF; hardening that distributions switch on by
/// default makes no sense for BPF; what is about the compiler and not about
/// the source is left out.
const FLAGS: &[&str] = &[
    "-g",
    "-O2",
    "-Wall",
    "-Wno-missing-declarations",
    "-Wno-compare-distinct-pointer-types",
    "-fno-ident",
    "-fno-addrsig",
    "-fno-stack-protector",
    "-fno-color-diagnostics",
    "-fno-crash-diagnostics",
    "-MD",
    "-c",
];

impl Compile {
    /// Compiles `source`.
    pub fn run(&self, source: &Path) -> Result<Compiled, Error> {
        let source = source::find(source)?;
        let base = source.parent().unwrap_or(Path::new("/"));
        let cwd = env::current_dir().and_then(|cwd| cwd.canonicalize()).unwrap_or_default();
        let scratch = tempfile::tempdir().map_err(Error::temporary)?;
        let (object, rule) = (scratch.path().join("object.o"), scratch.path().join("rule.d"));
        let mut command = self.command(&source)?;
        command.arg("-MF").arg(&rule).arg("-o").arg(&object);
        let output = command.output();
        let output = output.map_err(|source| Error::Start { clang: self.clang.name(), source })?;
        let said = String::from_utf8_lossy(&output.stderr);
        let diagnostics = diagnostic::parse(&said, base, &cwd);
        if !output.status.success() {
            let source = diagnostic::seen_from(&source, &cwd);
            return Err(self.failure(source, diagnostics, &said));
        }
        let rule = fs::read_to_string(&rule).during("read clang's list of headers", &rule)?;
        let inputs = depfile::prerequisites(&rule).iter().map(|file| base.join(file)).collect();
        let object = fs::read(&object).during("read clang's object", &object)?;
        Ok(Compiled { object, inputs, warnings: diagnostics })
    }

    /// The source with its headers put in and its macros replaced, as the compiler itself reads
    /// it. Lines that begin with `#` tell which file those below them are of.
    pub fn preprocess(&self, source: &Path) -> Result<String, Error> {
        let source = source::find(source)?;
        let base = source.parent().unwrap_or(Path::new("/"));
        let cwd = env::current_dir().and_then(|cwd| cwd.canonicalize()).unwrap_or_default();
        let scratch = tempfile::tempdir().map_err(Error::temporary)?;
        let (text, rule) = (scratch.path().join("text.i"), scratch.path().join("rule.d"));
        let mut command = self.command(&source)?;
        command.arg("-MF").arg(&rule).arg("-E").arg("-o").arg(&text);
        let output = command.output();
        let output = output.map_err(|source| Error::Start { clang: self.clang.name(), source })?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let diagnostics = diagnostic::parse(&said, base, &cwd);
            return Err(self.failure(diagnostic::seen_from(&source, &cwd), diagnostics, &said));
        }
        let text = fs::read(&text).during("read what clang made of the C in", &source)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    fn failure(&self, source: PathBuf, diagnostics: Vec<Diagnostic>, said: &str) -> Error {
        let remedy = remedy(&diagnostics);
        let said = diagnostic::without_backtrace(said);
        let count = |severity| diagnostics.iter().filter(|d| d.severity == severity).count();
        let errors = count(Severity::Error);
        Error::Compile {
            source_file: source,
            clang: self.clang.name(),
            errors,
            diagnostics,
            said,
            remedy,
        }
    }

    /// clang runs in the source's folder and is given names relative to it; other folders are
    /// replaced by their last part in what it records. So the object is the same wherever the
    /// source lies.
    fn command(&self, source: &Path) -> Result<Command, Error> {
        let mut command = self.clang.command();
        command.current_dir(source.parent().unwrap_or(Path::new("/")));
        command.args(FLAGS).args(["-target", self.target.triple()]);
        command.arg(format!("-mcpu={}", self.cpu));
        command.arg(format!("-D__TARGET_ARCH_{}", self.target.arch()));
        command.args(["-fdebug-compilation-dir", "."]);
        for define in &self.defines {
            command.arg(format!("-D{define}"));
        }
        for dir in &self.includes {
            let dir = dir.canonicalize().during("find the folder of headers", dir)?;
            command.arg("-I").arg(&dir).arg(placeless(&dir));
        }
        if let Some(dir) = &self.made {
            command.arg("-idirafter").arg(dir).arg(placeless(dir));
        }
        let has_asm = |dir: &String| Path::new(dir).join("asm").is_dir();
        if let Some(dir) = self.target.asm_dirs().into_iter().find(has_asm) {
            command.arg("-idirafter").arg(dir);
        }
        command.args(&self.args);
        // C, whatever its name ends with; not the name alone: it may begin with a dash.
        command.args(["-x", "c"]).arg(Path::new(".").join(source.file_name().unwrap_or_default()));
        Ok(command)
    }
}

/// The flag that records files in `dir` by the folder's own name only.
fn placeless(dir: &Path) -> OsString {
    let mut flag = OsString::from("-ffile-prefix-map=");
    flag.push(dir);
    flag.push("=");
    flag.push(dir.file_name().unwrap_or(OsStr::new("root")));
    flag
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::{Compile, Compiled};
    use crate::clang::diagnostic::Severity;
    use crate::clang::finder::Clang;
    use crate::error::Error;
    use crate::fixture;

    fn compiler() -> Compile {
        fixture::compiler(&Clang::find().unwrap())
    }

    fn write(dir: &Path, name: &str, text: &str) -> PathBuf {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    const C: &str = "#include \"shared.h\"\nint probe(struct shared *s) { return s->a + EXTRA; }\n";
    const HEADER: &str = "struct shared { int a; };\nstatic int unused(void) { return 1; }\n";

    fn compile_in(dir: &Path) -> Compiled {
        let source = write(dir, "src/x.bpf.c", C);
        write(dir, "include/shared.h", HEADER);
        let mut compile = compiler();
        compile.includes.push(dir.join("src/../include"));
        compile.defines.push("EXTRA=3".to_owned());
        compile.run(&source).unwrap()
    }

    #[test]
    fn inputs_and_warnings_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let compiled = compile_in(dir.path());
        let root = dir.path().canonicalize().unwrap();
        let inputs: Vec<PathBuf> =
            compiled.inputs.iter().map(|file| file.canonicalize().unwrap()).collect();
        assert_eq!(inputs, [root.join("src/x.bpf.c"), root.join("include/shared.h")]);
        let [warning] = &compiled.warnings[..] else { panic!("{:?}", compiled.warnings) };
        assert_eq!(warning.severity, Severity::Warning);
        assert_eq!(warning.place.as_ref().unwrap().line, 2);
        assert!(warning.message.contains("unused"), "{warning}");
    }

    #[test]
    fn the_same_object_from_any_folder() {
        let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [first, second] = dirs.each_ref().map(|dir| compile_in(dir.path()).object);
        assert_eq!(first, second);
        let deeper = tempfile::tempdir().unwrap();
        let third = compile_in(&deeper.path().join("a/longer/way")).object;
        assert_eq!(first, third);
    }

    #[test]
    fn errors_have_their_places_and_remedies() {
        let dir = tempfile::tempdir().unwrap();
        let source = write(dir.path(), "x.bpf.c", "#include <bpf/absent.h>\n");
        let error = compiler().run(&source).unwrap_err();
        let Error::Compile { errors: 1, diagnostics, remedy: Some(remedy), .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!(diagnostics[0].place.as_ref().unwrap().line, 1);
        assert!(remedy.contains("libbpf-dev"), "{remedy}");
    }

    #[test]
    fn signed_division_has_a_remedy_and_no_backtrace() {
        let dir = tempfile::tempdir().unwrap();
        let source = write(dir.path(), "x.bpf.c", "int half(int n) { return n / 2; }\n");
        let mut compile = compiler();
        compile.args.push("-mcpu=v3".into());
        let error = compile.run(&source).unwrap_err();
        let Error::Compile { said, remedy: Some(remedy), .. } = error else { panic!("{error:?}") };
        assert!(remedy.contains("--cpu v4"), "{remedy}");
        assert!(!said.contains("Stack dump") && !said.contains("bug report"), "{said}");
    }

    #[test]
    fn a_missing_source_is_named() {
        let error = compiler().run(Path::new("/nonexistent/x.bpf.c")).unwrap_err();
        assert!(error.to_string().contains("/nonexistent/x.bpf.c"), "{error}");
    }
}
