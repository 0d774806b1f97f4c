//! What is said where there is no module: each time with what helps.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use osmia_build::{Builder, Cpu, Error};

const PLAIN: &str = "#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\n";

/// A C file in a folder of its own.
fn source(dir: &Path, text: &str) -> PathBuf {
    let path = dir.join("x.bpf.c");
    fs::write(&path, text).unwrap();
    path
}

/// The error of a C file.
fn refused(text: &str, change: impl FnOnce(Builder) -> Builder) -> Error {
    let dir = tempfile::tempdir().unwrap();
    change(Builder::new(source(dir.path(), text))).generate().unwrap_err()
}

/// The error where the compiler is a script that tells this version, and then says this and fails.
fn refused_by(version: &str, said: &str) -> Error {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("clang.sh");
    let text = format!(
        "case \"$*\" in\n*--version*) echo '{version}' ;;\n*) cat >&2 <<'END'\n{said}\nEND\nexit 1 ;;\nesac\n"
    );
    fs::write(&script, text).unwrap();
    let clang = format!("sh {}", script.display());
    Builder::new(source(dir.path(), "int a;\n")).clang(clang).generate().unwrap_err()
}

/// What is said has all these pieces.
fn says(error: &Error, pieces: &[&str]) {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        text = format!("{text}: {source}");
        cause = source.source();
    }
    for piece in pieces {
        assert!(text.contains(piece), "{piece:?} is not in: {text}");
    }
}

#[test]
fn an_old_clang_is_told_by_its_version() {
    let error = refused_by("Debian clang version 9.0.1-6", "");
    says(&error, &["is clang 9.0.1, and 10.0.0 is the first that can be used", "$OSMIA_CLANG"]);
    assert!(matches!(error, Error::OldClang { .. }));
    // This one is tried.
    let error = refused_by("clang version 10.0.0", "clang: error: unknown argument: '-fno-ident'");
    says(&error, &["found an error", "the compiler does not know it", "name a newer clang"]);
}

#[test]
fn a_clang_without_bpf_is_told() {
    for said in [
        "error: unable to create target: 'No available targets are compatible with triple \"bpfel\"'\n\
         1 error generated.",
        "error: unknown target triple 'bpfel', please use -triple or -arch",
    ] {
        let error = refused_by("clang version 16.0.6", said);
        says(&error, &["this clang was built without BPF", "$OSMIA_CLANG"]);
        let Error::Compile { errors: 1, said: told, .. } = error else { panic!("{error:?}") };
        assert!(told.contains(said), "{told}");
    }
}

#[test]
fn instructions_that_the_compiler_does_not_know_are_told() {
    let error = refused_by("clang version 14.0.6", "error: unknown target CPU 'v4'");
    says(&error, &["needs clang 18", "Builder::cpu"]);
    let error = refused_by("clang version 14.0.6", "");
    says(&error, &["failed without saying why"]);
    // An argument of the user's own, by a real one.
    let error = refused("int a;\n", |builder| builder.cpu(Cpu::V3).clang_arg("-fno-such-thing"));
    says(&error, &["leave it out if you gave it", "Builder::clang_arg"]);
}

#[test]
fn missing_headers_are_told_by_their_packages() {
    let libbpf = ["libbpf-dev (Debian, Ubuntu, Alpine)", "libbpf-devel (Fedora)", "libbpf (Arch)"];
    let kernel = [
        "linux-libc-dev (Debian, Ubuntu)",
        "kernel-headers (Fedora)",
        "linux-headers (Alpine)",
        "linux-api-headers (Arch)",
    ];
    let missing = |header: &str| refused(&format!("#include <{header}>\n"), |builder| builder);
    says(&missing("bpf/absent.h"), &libbpf);
    says(&missing("linux/absent.h"), &kernel);
    says(&missing("asm/absent.h"), &kernel);
    let said = "/usr/include/gnu/stubs.h:7:11: fatal error: 'gnu/stubs-32.h' file not found";
    says(&refused_by("clang version 14.0.6", said), &["a header of the C library is included"]);
    // There is no telling whose this is.
    let Error::Compile { remedy: None, .. } = missing("absent.h") else { panic!() };
}

#[test]
fn an_object_without_debug_information_is_told() {
    let variable = format!("{PLAIN}int a;\nSEC(\"socket\") int f(void *c) {{ return a++; }}\n");
    let map = format!(
        "{PLAIN}struct {{ __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, int); \
         __type(value, int); }} m SEC(\".maps\");\n"
    );
    let without = |text: &str| refused(text, |builder| builder.clang_arg("-g0"));
    let error = without(&variable);
    says(&error, &["has no types (BTF)", "compile it with -g"]);
    assert!(matches!(error, Error::NoBtf), "{error:?}");
    says(&without(&map), &["has no types (BTF)", "compile it with -g"]);
    let wrong =
        refused(&map.replace("__type(key,", "__uint(key_size, 8); __type(key,"), |builder| builder);
    says(&wrong, &["map m: definition: its `key`"]);
}

#[test]
fn types_that_the_compiler_dropped_are_told() {
    let anchor = "write `const struct event *unused __attribute__((unused));`";
    // Defined, and used by nothing that lasts.
    let text = format!("{PLAIN}struct event {{ int a; }};\nint a;\n");
    let error = refused(&text, |builder| builder.event("struct event"));
    says(&error, &["has no type `struct event`", anchor, "`__type(value, struct event);`"]);
    assert!(matches!(error, Error::NoSuchType { .. }));
    // Only pointers lead there: whether it is defined or not, the object has its name.
    for definition in ["struct event;", "struct event { int a; };"] {
        let text = format!("{PLAIN}{definition}\nstruct holder {{ struct event *e; }} holder;\n");
        let error = refused(&text, |builder| builder.types(["struct event"]));
        says(&error, &["the name of `struct event` only", "header that defines it", anchor]);
        // Pointers to it are no matter.
        let dir = tempfile::tempdir().unwrap();
        let made = Builder::new(source(dir.path(), &text)).generate().unwrap();
        assert!(made.module.contains("e: Ptr<Event>"), "{}", made.module);
    }
    // Kept, and not defined.
    let text =
        format!("{PLAIN}struct event;\nconst struct event *unused __attribute__((unused));\n");
    says(&refused(&text, |builder| builder), &["the name of `struct event` only"]);
}

#[test]
fn what_is_no_c_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let object = Builder::new(source(dir.path(), "int a;\n")).object().unwrap().object;
    let path = dir.path().join("x.o");
    fs::write(&path, object).unwrap();
    says(
        &Builder::new(&path).generate().unwrap_err(),
        &["x.o is no C file: it is compiled already"],
    );
    // C is C, whatever it is called.
    let path = dir.path().join("notes.txt");
    fs::write(&path, "int a;\n").unwrap();
    assert!(Builder::new(&path).generate().unwrap().module.contains("pub a: "));
    fs::write(&path, "hello world\n").unwrap();
    let error = Builder::new(&path).generate().unwrap_err();
    says(&error, &["notes.txt does not compile"]);
    let Error::Compile { diagnostics, .. } = error else { panic!("{error:?}") };
    assert!(diagnostics.iter().any(|said| said.message.contains("unknown type name 'hello'")));
}
