//! From C files to modules, as build scripts and the command ask for them.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use osmia_build::{Builder, Clang, Error, Target, Vmlinux};

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/bpf").join(name)
}

/// Each clang of this machine.
fn clangs() -> Vec<Clang> {
    let numbered = |number: u32| Clang::named(format!("clang-{number}").as_ref()).ok();
    let mut clangs: Vec<Clang> = (10..40).filter_map(numbered).collect();
    clangs.push(Clang::find().unwrap());
    clangs
}

/// A project in a folder of its own: a C file, a header beside it and one elsewhere.
fn project(root: &Path) -> Builder {
    let files = [
        (
            "src/bpf/x.bpf.c",
            "#include \"near.h\"\n#include <far.h>\n\
            #include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\n\
            struct far far;\nSEC(\"socket\") int f(struct __sk_buff *skb) { return near(skb->len) + far.x; }\n\
            char _license[] SEC(\"license\") = \"GPL\";\n",
        ),
        ("src/bpf/near.h", "static __attribute__((noinline)) int near(int a) { return a * 3; }\n"),
        ("include/far.h", "struct far { int x; };\n"),
    ];
    for (name, text) in files {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    Builder::new(root.join("src/bpf/x.bpf.c"))
}

#[test]
fn the_same_bytes_from_any_folder_and_any_spelling() {
    for clang in clangs() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let deep = other.path().join("a/b/c");
        let first = project(one.path()).include(one.path().join("include"));
        let second = project(&deep).include(deep.join("src/../include/."));
        let [first, second] =
            [first, second].map(|builder| builder.clang(clang.name()).generate().unwrap());
        assert_eq!(first.module, second.module, "{clang:?}");
        assert!(first.object == second.object, "{clang:?}: the objects differ");
        let place = one.path().to_str().unwrap().as_bytes();
        assert!(!first.object.windows(place.len()).any(|bytes| bytes == place), "{clang:?}");
        assert!(!first.object.windows(6).any(|bytes| bytes == b".debug"), "{clang:?}");
    }
}

#[test]
fn all_that_was_read_is_told() {
    let root = tempfile::tempdir().unwrap();
    let generated = project(root.path()).include(root.path().join("include")).generate().unwrap();
    let root = root.path().canonicalize().unwrap();
    let inputs: Vec<PathBuf> =
        generated.inputs.iter().map(|input| input.canonicalize().unwrap()).collect();
    for file in ["src/bpf/x.bpf.c", "src/bpf/near.h", "include/far.h"] {
        assert!(inputs.contains(&root.join(file)), "{file} in {inputs:?}");
    }
    assert!(inputs.contains(&PathBuf::from("/usr/include/bpf/bpf_helpers.h")));
}

#[test]
fn what_is_current_is_not_written_again() {
    let root = tempfile::tempdir().unwrap();
    let generated = project(root.path()).include(root.path().join("include")).generate().unwrap();
    let out = root.path().join("out");
    assert_eq!(generated.stale_in(&out), [out.join("x.rs"), out.join("x.o")]);
    generated.write_to(&out).unwrap();
    assert!(generated.stale_in(&out).is_empty());
    let written = |name: &str| fs::metadata(out.join(name)).unwrap().modified().unwrap();
    let before = written("x.rs");
    generated.write_to(&out).unwrap();
    assert_eq!(written("x.rs"), before);
    fs::write(out.join("x.o"), "another").unwrap();
    assert_eq!(generated.stale_in(&out), [out.join("x.o")]);
}

#[test]
fn vmlinux_h_is_made_where_there_is_none() {
    if !Path::new("/sys/kernel/btf/vmlinux").exists() {
        eprintln!("skipped: this kernel does not tell its types");
        return;
    }
    let root = tempfile::tempdir().unwrap();
    let source = root.path().join("task.bpf.c");
    let text = "#include \"vmlinux.h\"\n#include <bpf/bpf_helpers.h>\n\
        struct mine { struct list_head list; pid_t pid; } mine;\n\
        SEC(\"tp_btf/sched_process_exec\") int f(__u64 *args) {\n\
            struct task_struct *task = (void *)args[0]; return task->pid + mine.pid; }\n\
        char _license[] SEC(\"license\") = \"GPL\";\n";
    fs::write(&source, text).unwrap();
    let made = Builder::new(&source).generate().unwrap();
    assert!(made.warnings.is_empty(), "{:?}", made.warnings);
    assert!(made.module.contains("pub struct ListHead"), "{}", made.module);
    assert!(!made.inputs.iter().any(|input| input.ends_with("vmlinux.h")));
    let again = Builder::new(&source).vmlinux(Vmlinux::File("/sys/kernel/btf/vmlinux".into()));
    let again = again.generate().unwrap();
    assert!(again.object == made.object);
    assert!(again.inputs.contains(&PathBuf::from("/sys/kernel/btf/vmlinux")));

    let never = Builder::new(&source).vmlinux(Vmlinux::Never).generate().unwrap_err();
    assert!(never.to_string().contains("vmlinux.h is made"), "{never}");
    fs::write(root.path().join("vmlinux.h"), "typedef int pid_t;\n").unwrap();
    assert!(Builder::new(&source).generate().is_err(), "the one beside the C file comes first");
}

#[test]
fn other_machines_and_instruction_sets() {
    let root = tempfile::tempdir().unwrap();
    let headerless = root.path().join("x.bpf.c");
    fs::write(&headerless, "unsigned long long x = 1;\n").unwrap();
    for (target, source, data) in [("aarch64", source("strip.bpf.c"), 1), ("s390x", headerless, 2)]
    {
        let builder = Builder::new(source);
        let generated = builder.target(Target::named(target).unwrap()).generate().unwrap();
        assert_eq!(generated.object.get(5), Some(&data), "{target}: byte order of the ELF file");
    }
    let old = Builder::new(source("strip.bpf.c")).clang_arg("-mcpu=none-such").generate();
    assert!(matches!(old, Err(Error::Compile { .. })), "{old:?}");
}

#[test]
fn module_names() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("2-hello world.bpf.c");
    fs::write(&file, "int x;\n").unwrap();
    assert_eq!(Builder::new(&file).generate().unwrap().name, "_2_hello_world");
    assert_eq!(Builder::new(&file).name("hello").generate().unwrap().name, "hello");
}

#[test]
fn event_types_are_found_by_name() {
    let events = || Builder::new(source("events.bpf.c"));
    let module = events().generate().unwrap().module;
    assert!(module.contains("pub first: ::osmia::RingBuf<[u8]>"), "{module}");
    assert!(module.contains("pub struct Event") && module.contains("pub struct Kept"), "{module}");
    assert!(!module.contains("unused_event"), "{module}");
    let module = events().event("struct event").generate().unwrap().module;
    assert!(module.contains("pub first: ::osmia::RingBuf<types::Event>"), "{module}");

    let two = || events().define("SECOND");
    let module = two().event_of("first", "event").generate().unwrap().module;
    assert!(module.contains("pub first: ::osmia::RingBuf<types::Event>"), "{module}");
    assert!(module.contains("pub second: ::osmia::RingBuf<types::Kept>"), "{module}");
}

#[test]
fn readers_know_their_events() {
    let readers = || Builder::new(source("readers.bpf.c"));
    let module = readers().generate().unwrap().module;
    for field in [
        "pub typed: ::osmia::PerfEventArray<types::Event>",
        "pub descriptors: ::osmia::PerfEventArray<[u8]>",
        "pub sizes: ::osmia::PerfEventArray<[u8]>",
        "pub orders: ::osmia::UserRingBuf<types::Event>",
        "pub stacks: ::osmia::StackTraces",
    ] {
        assert!(module.contains(field), "{field}: {module}");
    }
    let module = readers().event_of("sizes", "event").generate().unwrap().module;
    assert!(module.contains("pub sizes: ::osmia::PerfEventArray<types::Event>"), "{module}");
}

#[test]
fn what_is_missing_is_named_with_a_remedy() {
    let events = || Builder::new(source("events.bpf.c"));
    let error = |builder: Builder| builder.generate().unwrap_err().to_string();
    let text = error(events().event("struct dropped"));
    assert!(text.contains("no type `struct dropped`"), "{text}");
    assert!(text.contains("const struct dropped *unused"), "{text}");
    let text = error(events().types(["struct evnt"]));
    assert!(text.contains("there is `struct event`"), "{text}");
    let text = error(events().types(["event *"]));
    assert!(text.contains("no type"), "{text}");
    let text = error(events().define("SECOND").event("struct event"));
    assert!(text.contains("several ring buffers") && text.contains("first, second"), "{text}");
    let text = error(events().event_of("frist", "struct event"));
    assert!(text.contains("no ring buffer `frist`") && text.contains("it has first"), "{text}");
    let text = error(events().clang("/nonexistent/clang"));
    assert!(text.contains("OSMIA_CLANG"), "{text}");
    let text = error(events().include("/nonexistent"));
    assert!(text.contains("/nonexistent"), "{text}");
}

#[test]
fn one_module_for_both_byte_orders() {
    let types = source("../../../osmia-generated-tests/testdata/bpf/types.bpf.c");
    for clang in clangs() {
        let builder = Builder::new(&types).clang(clang.name()).both_endians();
        let made = builder.generate().unwrap();
        let names: Vec<String> = made.files().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["types.rs", "types.le.o", "types.be.o"]);
        // The byte order in the ELF header.
        assert_eq!((made.object[5], made.big_endian_object.as_ref().unwrap()[5]), (1, 2));
        assert!(made.module.contains("#[cfg(target_endian = \"big\")]"), "{clang:?}");
        let big = builder.target(Target::host().with_endian(osmia_btf::Endian::Big));
        assert_eq!(made.files(), big.generate().unwrap().files(), "{clang:?}");
    }
}

#[test]
fn types_that_differ_by_byte_order_are_told() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("x.bpf.c");
    let c = "#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__\nlong a = 1;\n#else\nint a = 1;\n#endif\n";
    fs::write(&path, c).unwrap();
    let error = Builder::new(&path).both_endians().generate().unwrap_err();
    assert!(matches!(error, Error::ByteOrders { .. }), "{error}");
    assert!(error.to_string().contains("one module cannot be for both"), "{error}");
}
