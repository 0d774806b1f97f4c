//! `osmia obj` on objects good and bad.

use std::fs;
use std::path::Path;

use osmia_testkit::fixture::Fixture;
use serde_json::Value;

use crate::osmia;

fn text(path: &Path) -> &str {
    path.to_str().expect("paths of tests are UTF-8")
}

#[test]
fn show_tells_what_is_in_an_object() {
    let Some(object) = Fixture::new("maps").path() else { return };
    let shown = osmia(&["obj", "show", text(&object)]).done();
    let line = |start: &str| {
        let found = shown.lines().find(|line| line.trim_start().starts_with(start));
        found.unwrap_or_else(|| panic!("{start} in {shown}")).split_whitespace().collect::<Vec<_>>()
    };
    assert_eq!(line("tail_two ")[1..3], ["socket", "socket_filter"]);
    assert_eq!(
        line("typed ")[1..],
        ["hash", "struct", "key", "struct", "value", "100", "no_prealloc", "numa_node"]
    );
    assert_eq!(line("strange ")[1], "bpf_map_type(12345)");

    let json: Value =
        serde_json::from_str(&osmia(&["-j", "obj", "show", text(&object)]).done()).unwrap();
    assert_eq!(json["license"], "GPL");
    let typed = json["maps"].as_array().unwrap().iter().find(|map| map["name"] == "typed").unwrap();
    assert_eq!(typed["value"], "struct value");
    assert_eq!(typed["max_entries"], 100);
}

#[test]
fn dump_names_what_instructions_refer_to() {
    let Some(object) = Fixture::new("calls").path() else { return };
    let dumped = osmia(&["obj", "dump", text(&object), "-S", "third", "step"]).done();
    for part in [
        "int third(struct xdp_md *ctx):\n",
        ": (18) r1 = &weight\n",
        ": (85) call global_add_times\n",
        "; sum += weight; @ calls.bpf.c:",
        "section xdp\n",
        " goto pc+1 <L9>\n",
        "L9:\n",
    ] {
        assert!(dumped.contains(part), "{part:?} in {dumped}");
    }
    assert!(!dumped.contains("int first("), "{dumped}");
    assert_eq!(dumped.matches("; sum += weight; @").count(), 1, "{dumped}");
}

#[test]
fn linked_programs_have_real_distances() {
    let Some(object) = Fixture::new("calls").path() else { return };
    let json = osmia(&["obj", "dump", text(&object), "--linked", "first", "--json"]).done();
    let json: Value = serde_json::from_str(&json).unwrap();
    let functions = json["functions"].as_array().unwrap();
    let names: Vec<_> =
        functions.iter().map(|function| function["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["first", "add"]);
    let insns = functions[0]["insns"].as_array().unwrap();
    let call = insns.iter().find(|insn| insn["text"].as_str().unwrap().contains("call")).unwrap();
    let first_of_add = functions[1]["insns"][0]["at"].as_u64().unwrap();
    let distance = first_of_add - call["at"].as_u64().unwrap() - 1;
    assert_eq!(call["text"], format!("(85) call pc+{distance}#add"));
    assert_eq!(insns[0]["source"]["line"].as_u64().map(|line| line > 0), Some(true));
}

#[test]
fn what_is_not_there_is_listed() {
    let Some(object) = Fixture::new("calls").path() else { return };
    let failed = osmia(&["obj", "dump", text(&object), "thrid"]).failed_as(3);
    assert!(failed.contains("no function or section thrid; did you mean third?"), "{failed}");
    let failed = osmia(&["obj", "dump", "-l", text(&object), "thrid"]).failed();
    assert!(failed.contains("no program thrid; did you mean third?"), "{failed}");
}

#[test]
fn bad_files_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let failure = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        let failed = osmia(&["obj", "show", text(&path)]).failed();
        assert!(failed.contains(name), "{failed}");
        failed
    };
    let failed = failure("a.bpf.o", b"int main(void) { return 0; }\n");
    assert!(failed.contains("not an ELF object: it is text; compile it with clang"), "{failed}");
    let failed = failure("empty.o", b"");
    assert!(failed.contains("the file is empty"), "{failed}");
    let own = fs::read(env!("CARGO_BIN_EXE_osmia")).unwrap();
    let failed = failure("host.o", &own[..own.len().min(1 << 20)]);
    assert!(failed.contains("this is an object for") || failed.contains("cut short"), "{failed}");
    if let Some(object) = Fixture::new("calls").bytes() {
        let failed = failure("half.o", &object[..object.len() / 2]);
        assert!(failed.contains("the file is cut short: "), "{failed}");
    }
    let failed = osmia(&["obj", "show", text(&dir.path().join("absent.o"))]).failed_as(3);
    assert!(failed.contains("absent.o: No such file"), "{failed}");
}

#[test]
fn failures_are_json_for_programs() {
    let said = osmia(&["obj", "show", "--json", "/nonexistent/x.o"]);
    assert_eq!((said.code, said.out.as_str()), (Some(3), ""));
    let error: Value = serde_json::from_str(&said.err).unwrap();
    assert!(error["error"].as_str().unwrap().contains("/nonexistent/x.o"), "{error}");
}

#[test]
fn variables_show_their_values() {
    let Some(object) = Fixture::new("variables").path() else { return };
    let json = osmia(&["obj", "show", text(&object), "--json"]).done();
    let json: Value = serde_json::from_str(&json).unwrap();
    let value = |name: &str| {
        let variables = json["variables"].as_array().unwrap();
        variables.iter().find(|variable| variable["name"] == name).unwrap()["value"].clone()
    };
    assert_eq!(value("const_s8"), -5);
    assert_eq!(value("colour"), "GREEN");
    assert_eq!(value("greeting"), "hello");
    assert_eq!(value("origin")["y"], -2);
    assert_eq!(value("ports")[1], 443);
}

#[test]
fn core_relocations_are_told_in_c() {
    let Some(object) = Fixture::new("core").path() else { return };
    let dumped = osmia(&["obj", "dump", text(&object), "reads"]).done();
    assert!(dumped.contains("; CO-RE: the byte offset of `struct task_struct.tgid`"), "{dumped}");
}

#[test]
fn sections_of_data_are_dumped_by_variable() {
    let Some(object) = Fixture::new("variables").path() else { return };
    let object = object.to_str().unwrap();
    let text = osmia(&["obj", "dump", object, ".rodata"]).done();
    assert!(text.contains("const volatile __u32 const_u32"), "{text}");
    assert!(text.contains("\"hello\"") && !text.contains("global_u16"), "{text}");
    let said = osmia(&["-j", "obj", "dump", object, ".rodata.cfg"]).done();
    let dumped: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(dumped["variables"][0]["name"], "configured");
    assert_eq!(dumped["variables"][0]["value"], 77);
    assert_eq!(dumped["functions"].as_array().map(Vec::len), Some(0));
}
