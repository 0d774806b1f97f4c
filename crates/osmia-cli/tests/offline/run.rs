//! `osmia run` where it comes to nothing, before a kernel is asked.

use osmia_testkit::fixture::Fixture;

use crate::command::command;
use crate::osmia;

/// The complaint about these arguments for the test's object, if the command ends with this code.
#[track_caller]
fn complaint(arguments: &[&str], code: i32) -> Option<String> {
    let object = Fixture::new("run").path()?;
    let object = object.to_str().expect("paths of tests are UTF-8");
    let arguments = [&["run", object, "--duration", "1ms"], arguments].concat();
    Some(osmia(&arguments).failed_as(code))
}

#[test]
fn values_must_fit_the_variable() {
    for (set, told) in [
        ("only_pid=-1", "set variable only_pid (__u32) to -1: "),
        ("mode=LOD", "enum mode has no LOD; it has QUIET, LOUD"),
        ("limits={\"mots\":[1]}", "struct limits has no mots; it has least, most"),
        ("limits={\"most\":[1,2,3]}", "do not fit __s16"),
        ("greeting=0123456789abcdef", "room for 15 bytes and a NUL, the text has 16 bytes"),
        ("odd=2", "set variable odd (_Bool) to 2: "),
    ] {
        let Some(failed) = complaint(&["--set", set], 1) else { return };
        assert!(failed.contains(told), "{set}: {failed}");
    }
}

#[test]
fn names_must_be_the_objects() {
    for (arguments, told) in [
        (["--set", "onlypid=1"], "no variable onlypid; did you mean only_pid? (constants: "),
        (["--attach", "on_clos=x"], "no program on_clos; did you mean on_close?"),
        (["--event", "plian=other"], "no ring buffer plian; did you mean plain?"),
        (["--event", "plain=struct othre"], "no type struct othre; did you mean other?"),
        (["--event", "seen=other"], "no ring buffer seen (there are: typed, plain)"),
    ] {
        let Some(failed) = complaint(&arguments, 3) else { return };
        assert!(failed.contains(told), "{arguments:?}: {failed}");
    }
}

#[test]
fn malformed_arguments_are_wrong_usage() {
    for arguments in [["--duration", "5x"], ["--set", "novalue"], ["--attach", "=eth0"]] {
        let said = osmia(&[&["run", "x.bpf.o"][..], &arguments].concat());
        assert_eq!(said.code, Some(2), "{arguments:?}: {}", said.err);
    }
}

#[test]
fn without_clang_it_says_what_to_install() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("x.bpf.c");
    std::fs::write(&source, "int x;\n").unwrap();
    let mut command = command(&["run", source.to_str().unwrap()]);
    let output = command.env("PATH", dir.path()).env_remove("OSMIA_CLANG").output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains("x.bpf.c: there is no clang in $PATH: install it"), "{told}");
}

#[test]
fn the_compilers_words_come_first() {
    if !osmia_testkit::clang::Clang::present().is_empty() {
        let dir = tempfile::tempdir().unwrap();
        let source = dir.path().join("x.bpf.c");
        std::fs::write(&source, "int f(void) { return y; }\n").unwrap();
        let said = osmia(&["run", source.to_str().unwrap()]);
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
        let (words, last) = said.err.trim_end().rsplit_once('\n').unwrap();
        assert!(words.contains("use of undeclared identifier 'y'"), "{words}");
        assert!(last.starts_with("error: ") && last.contains("x.bpf.c does not compile"), "{last}");
    }
}
