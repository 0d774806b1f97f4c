//! Objects on kernels that have what they ask for, or have it not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod kernels;

use osmia_check::{Answer, Finding, Kernel, Subject, Verdict, Weight, check};
use osmia_object::ObjectSpec;
use osmia_object::kconfig::Config;
use osmia_testkit::clang::Clang;
use osmia_testkit::fixture::{Cpu, Fixture};

use crate::Verdict::{Loads, Refused, Unsure};
use crate::kernels::{NEW, OLD};

fn object(stem: &str) -> Option<ObjectSpec> {
    Some(ObjectSpec::parse(stem, Fixture::new(stem).bytes()?.into()).unwrap())
}

fn verdict(answer: &Answer, program: &str) -> Verdict {
    answer.programs.iter().find(|one| one.name == program).unwrap().verdict()
}

fn findings<'a>(answer: &'a Answer, program: &str) -> &'a [Finding] {
    &answer.programs.iter().find(|one| one.name == program).unwrap().findings
}

#[test]
fn each_program_has_its_verdict_on_each_kernel() {
    let Some(object) = object("check") else { return };
    let (old, new) = (check(&object, &OLD.kernel("old")), check(&object, &NEW.kernel("new")));
    for (program, on_old, on_new) in [
        ("present", Refused, Loads),
        ("misspelt", Refused, Refused),
        ("strong", Refused, Loads),
        ("weak", Loads, Loads),
        ("unguarded_weak", Refused, Loads),
        ("helper", Refused, Loads),
        ("guarded_helper", Loads, Loads),
        ("subprogram", Loads, Refused),
        ("constant", Loads, Loads),
        ("variable", Loads, Refused),
        ("version", Loads, Unsure),
        ("option", Loads, Unsure),
        ("symbol", Loads, Unsure),
        ("spilled", Loads, Loads),
        ("spilled_over_calls", Loads, Loads),
        ("spilled_zero", Loads, Loads),
        ("spilled_part", Loads, Refused),
        ("overwritten", Loads, Refused),
        ("overwritten_by_call", Loads, Refused),
        ("hook", Refused, Loads),
        ("unix_connect", Refused, Loads),
        ("many", Loads, Loads),
        ("gone", Loads, Loads),
        ("filter", Refused, Loads),
        ("left_out", Refused, Refused),
        ("untyped", Refused, Refused),
    ] {
        assert_eq!(verdict(&old, program), on_old, "{program}: {:#?}", findings(&old, program));
        assert_eq!(verdict(&new, program), on_new, "{program}: {:#?}", findings(&new, program));
    }
    assert_eq!(old.verdict(), Refused);
    let map =
        |answer: &Answer| answer.maps.iter().find(|map| map.name == "events").unwrap().verdict();
    assert_eq!((map(&old), map(&new)), (Refused, Loads));
}

/// No type names these.
#[test]
fn options_marks_and_instructions_are_looked_at() {
    let fixture = Fixture::new("check_more").clang(Clang::V19).cpu(Cpu::V4);
    let Some(bytes) = fixture.bytes() else { return };
    let object = ObjectSpec::parse("check_more", bytes.into()).unwrap();
    let config = |text: &str| {
        NEW.kernel("new").with_config(Config::parse("config", text.as_bytes()).unwrap())
    };
    let kernels = [
        NEW.kernel("new"),
        config("CONFIG_OSMIA_TEST=y\n"),
        config("# CONFIG_OSMIA_TEST is not set\n"),
        config("CONFIG_OTHER=y\n"),
    ];
    let answers = kernels.each_ref().map(|kernel| check(&object, kernel));
    for (program, verdicts) in [
        ("strong_option", [Unsure, Loads, Loads, Refused]),
        ("strange_option", [Refused; 4]),
        ("unfit_option", [Refused; 4]),
        ("decided", [Unsure, Refused, Loads, Refused]),
        ("marked", [Loads; 4]),
        ("unmarked", [Refused; 4]),
        ("extended", [Refused; 4]),
        ("lonely", [Refused; 4]),
        ("no_function", [Loads; 4]),
        ("no_call", [Loads; 4]),
        ("call", [Loads; 4]),
    ] {
        let said = answers.each_ref().map(|answer| verdict(answer, program));
        assert_eq!(said, verdicts, "{program}: {:#?}", findings(&answers[0], program));
    }
    let new = &answers[0];
    for (program, weight, message) in [
        ("unmarked", Weight::Refused, "`plain_function` is none that programs may call"),
        ("extended", Weight::Refused, "`-mcpu=v4`: they came with Linux 6.6"),
        ("lonely", Weight::Refused, "a table of callbacks, and stands in none"),
        ("no_function", Weight::Note, "no function `nosuch_*`"),
        ("no_call", Weight::Note, "no system call `nosuch`"),
    ] {
        let first = &findings(new, program)[0];
        assert_eq!(first.weight, weight, "{program}: {first:?}");
        assert!(first.message.contains(message), "{program}: {}", first.message);
    }
    assert!(findings(new, "call").is_empty());
    let map = |name: &str| new.maps.iter().find(|map| map.name == name).unwrap().verdict();
    assert_eq!([map("keyless"), map("patternless"), map("right")], [Refused, Unsure, Loads]);
}

#[test]
fn what_the_user_sets_counts() {
    let Some(mut object) = object("check") else { return };
    let new = NEW.kernel("new");
    object.set("wants_iov", true).unwrap();
    assert_eq!(verdict(&check(&object, &new), "constant"), Refused);
    let versioned = |code| check(&object, &NEW.kernel("new").with_version(code));
    assert_eq!(verdict(&versioned(0x06_0c_00), "version"), Loads);
    assert_eq!(verdict(&versioned(0x06_01_00), "version"), Refused);
}

#[test]
fn reasons_name_what_is_missing_and_where() {
    let Some(object) = object("check") else { return };
    let (old, new) = (check(&object, &OLD.kernel("old")), check(&object, &NEW.kernel("new")));
    let [found] = findings(&new, "subprogram") else { panic!("{new:?}") };
    assert_eq!((found.subject, found.weight), (Subject::Core, Weight::Refused));
    assert_eq!(
        found.message,
        "`struct iov_iter` of vmlinux has no member `iov`; near it there is `__iov`"
    );
    let place = found.place.as_ref().unwrap();
    assert_eq!(place.function, "read_iov");
    assert_eq!(place.line.as_ref().unwrap().text, "return (long)iter->iov;");
    assert!(found.help.iter().any(|help| help.contains("bpf_core_field_exists")), "{found:?}");
    for (answer, program, subject, message) in [
        (&old, "misspelt", Subject::AttachTarget, "this kernel has no function `tcp_conect`"),
        (&old, "strong", Subject::Extern, "absent_kfunc"),
        (&old, "unguarded_weak", Subject::Extern, "it calls `weak_kfunc`"),
        (&old, "helper", Subject::Helper, "this kernel has no helper bpf_loop"),
        (&old, "filter", Subject::ProgramType, "no programs of type BPF_PROG_TYPE_NETFILTER"),
        (&old, "unix_connect", Subject::AttachType, "BPF_CGROUP_UNIX_CONNECT, so it does not load"),
        (&old, "many", Subject::AttachType, "BPF_TRACE_KPROBE_MULTI, so it does not attach"),
        (&new, "gone", Subject::AttachTarget, "no function `tcp_gone`"),
        (&new, "left_out", Subject::AttachTarget, "no tracepoint `no_such_event`"),
        (&new, "untyped", Subject::Object, "its section `wrong` says no type of program"),
    ] {
        let first = &findings(answer, program)[0];
        assert_eq!(first.subject, subject, "{program}: {first:?}");
        assert!(first.message.contains(message), "{program}: {}", first.message);
    }
    let near = &findings(&old, "misspelt")[0].help;
    assert_eq!(near[0], "near it there is `tcp_connect`");
    let helper = findings(&old, "helper")[0].place.as_ref().unwrap();
    assert!(helper.line.as_ref().unwrap().text.starts_with("return bpf_loop("));
}

#[test]
fn the_scenario_of_the_renamed_member() {
    let Some(object) = object("core_iter") else { return };
    let (old, new) = (check(&object, &OLD.kernel("6.1")), check(&object, &NEW.kernel("6.12")));
    assert_eq!((verdict(&old, "unguarded"), verdict(&new, "unguarded")), (Loads, Refused));
    assert_eq!((verdict(&old, "guarded"), verdict(&new, "guarded")), (Loads, Loads));
    let [found, ..] = findings(&new, "two_underscores") else { panic!("{new:?}") };
    assert!(found.help[0].contains("`iov_iter___new`"), "{found:?}");
}

#[test]
fn tables_of_callbacks_are_matched() {
    let Some(object) = object("struct_ops") else { return };
    let answer = check(&object, &NEW.kernel("new"));
    let map = |name: &str| answer.maps.iter().find(|map| map.name == name).unwrap();
    let [found, ..] = map("shy").findings.as_slice() else { panic!("{answer:?}") };
    assert_eq!((found.subject, found.weight), (Subject::StructOps, Weight::Refused));
    assert!(
        found.message.contains("struct tcp_congestion_ops: neither this kernel nor"),
        "{found:?}"
    );
    assert!(map("left_out").findings.is_empty(), "it is not created");
}

#[test]
fn what_no_kernel_of_this_kind_takes() {
    let big = Fixture::new("ksyms").endian(osmia_testkit::fixture::Endian::Big);
    let Some(bytes) = big.bytes() else { return };
    let answer = check(&ObjectSpec::parse("ksyms", bytes.into()).unwrap(), &NEW.kernel("new"));
    let first = &answer.programs[0].findings[0];
    assert_eq!((answer.programs[0].verdict(), first.subject), (Refused, Subject::Object));
    assert!(first.message.contains("the other byte order"), "{first:?}");
    let Some(mut object) = object("check") else { return };
    object.maps["events"].max_entries = 0;
    let answer = check(&object, &NEW.kernel("new"));
    let events = answer.maps.iter().find(|map| map.name == "events").unwrap();
    assert_eq!(events.verdict(), Unsure);
    assert!(events.findings[0].message.contains("max_entries is 0"), "{events:?}");
}

#[test]
fn a_kernel_that_lists_nothing_is_given_the_benefit_of_the_doubt() {
    let Some(object) = object("small") else { return };
    let empty = osmia_btf::Builder::new(osmia_btf::Endian::host()).build().unwrap();
    let answer = check(&object, &Kernel::new("empty", &empty).unwrap());
    let about = |subject| {
        let all = answer.programs.iter().flat_map(|program| &program.findings);
        all.filter(|finding| finding.subject == subject).count()
    };
    assert_eq!(about(Subject::Helper) + about(Subject::AttachType), 0);
    // But these are no kernel's types, which is said of each program.
    assert_eq!(about(Subject::ProgramType), answer.programs.len());
    assert_eq!(answer.verdict(), Unsure);
}
