//! What people read when a kernel lacks something.

use osmia_btf::core_re::{Cause, Hint};
use osmia_testkit::clang::Clang;

use crate::{programs, relocator};

fn text(name: &str) -> String {
    let Some(program) = programs(Clang::DEFAULT) else { return String::new() };
    let Some(mut relocator) = relocator(&program, true) else { return String::new() };
    let failure = relocator.explain(&program.site(name).record).unwrap();
    failure.map_or("no failure".into(), |failure| format!("{failure:#}"))
}

/// Compares with the whole text, unless there is no clang.
fn says(name: &str, expected: &str) {
    let text = text(name);
    assert!(text.is_empty() || text == expected, "{name}:\n{text}\nexpected:\n{expected}");
}

#[test]
fn members() {
    says(
        "off_renamed",
        "`struct thing` of vmlinux has no member `renamed`; near it there is `__renamed`\n  \
           asked: the byte offset of `struct thing.renamed`\n  \
           help: for targets that have `__renamed`, declare `struct thing___new` with it (and with \
                 `__attribute__((preserve_access_index))`) and read it there\n  \
           help: guard it with `bpf_core_field_exists()`, so that targets without it do not run it",
    );
    says(
        "load_nested",
        "`struct thing` of vmlinux has no member `nested`; near it there is `moved.nested`\n  \
           asked: the byte offset of `struct thing.nested`\n  \
           help: for targets that have `moved.nested`, declare `struct thing___new` with it (and with \
                 `__attribute__((preserve_access_index))`) and read it there\n  \
           help: guard it with `bpf_core_field_exists()`, so that targets without it do not run it",
    );
    says(
        "off_retyped",
        "in `struct thing` of vmlinux, member `retyped` is of type `struct inner`, not `int`\n  \
           asked: the byte offset of `struct thing.retyped`\n  \
           help: guard it with `bpf_core_field_exists()`, so that targets without it do not run it",
    );
    says(
        "exists_gone",
        "`struct thing` of vmlinux has no member `gone`\n  asked: the existence of `struct thing.gone`",
    );
}

#[test]
fn elements_and_widths() {
    says(
        "off_arr_6",
        "in `struct thing` of vmlinux, element 6 is behind the end of an array of 4\n  \
           asked: the byte offset of `struct thing.arr[6]`\n  \
           help: guard it with `bpf_core_field_exists()`, so that targets without it do not run it",
    );
    says(
        "load_level",
        "in `struct thing` of vmlinux, the field is 8 bytes (`long`), not 4 bytes (`int`), and a load \
         or store of that width would change its value\n  \
           asked: the byte offset of `struct thing.level`\n  \
           help: read it with `BPF_CORE_READ_BITFIELD()`, which takes integers of any width",
    );
}

/// Two underscores make no flavour, and a name may be misspelt or another kind of type.
#[test]
fn types() {
    says(
        "off_no_flavour",
        "vmlinux has no `struct thing__new`\n  \
           asked: the byte offset of `struct thing__new.first`\n  \
           help: `thing__new` is no flavour: a flavour needs three underscores, as in `thing___new`",
    );
    says(
        "off_misspelt",
        "vmlinux has no `struct thign`\n  \
           asked: the byte offset of `struct thign.x`\n  \
           help: the target has `struct thing`",
    );
    says(
        "off_other_kind",
        "vmlinux has no `struct united`\n  \
           asked: the byte offset of `struct united.x`\n  \
           help: the target has `union united`, which is another kind of type",
    );
    says(
        "off_absent",
        "vmlinux has no `struct absent`\n  \
           asked: the byte offset of `struct absent.x`\n  \
           help: guard it with `bpf_core_field_exists()`, so that targets without it do not run it",
    );
}

#[test]
fn enumerators() {
    says(
        "value_on",
        "`enum mode` of vmlinux has no enumerator `MODE_ON`; near it there is `MODE_OFF`\n  \
           asked: the value of `enum mode: MODE_ON`\n  \
           help: guard it with `bpf_core_enum_value_exists()`, so that targets without it do not run it",
    );
}

#[test]
fn nothing_to_explain() {
    says("off_first", "no failure");
    says("type_exists", "no failure");
}

#[test]
fn types_that_do_not_match() {
    let Some(program) = programs(Clang::V16) else { return };
    let Some(mut relocator) = relocator(&program, true) else { return };
    let mut why = |name: &str| {
        let failure = relocator.explain(&program.site(name).record).unwrap().unwrap();
        assert_eq!(failure.hints, Vec::<Hint>::new());
        let [rejected] = failure.rejected.as_slice() else { panic!("{failure:#}") };
        let Cause::Types { ref why, .. } = rejected.cause else { panic!("{failure:#}") };
        why.clone()
    };
    assert_eq!(why("matches_more"), "member `surplus` is missing or of another type");
    assert_eq!(why("matches_wider"), "member `a` is missing or of another type");
    assert_eq!(why("matches_enum"), "enumerator `MODE_ON` is missing");
}
