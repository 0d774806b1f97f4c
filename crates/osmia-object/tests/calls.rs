//! Calls between functions, whichever section these stand in.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod compilers;

use osmia_btf::Linkage;
use osmia_insn::{Insn, Opcode};
use osmia_object::{FunctionId, Line, LinkedProgram, ObjectSpec, Target};

fn names(linked: &LinkedProgram) -> Vec<&str> {
    linked.functions.iter().map(|function| function.name.as_str()).collect()
}

/// The names of the functions that each function of a linked program calls or takes the address of, found from its
/// instructions alone.
fn reached(linked: &LinkedProgram, is: fn(&Insn) -> bool) -> Vec<(String, String)> {
    let mut reached = Vec::new();
    for (at, insn) in linked.insns.iter().enumerate().filter(|(_, insn)| is(insn)) {
        let target = (at as i64 + 1 + i64::from(insn.imm)) as u32;
        let from = linked.function_at(at as u32).unwrap();
        let to = linked.function_at(target).unwrap();
        assert_eq!(to.start, target, "a call into the middle of {}", to.name);
        reached.push((from.name.clone(), to.name.clone()));
    }
    reached
}

fn calls(linked: &LinkedProgram) -> Vec<(String, String)> {
    reached(linked, |insn| insn.is_pseudo_call())
}

fn pair(from: &str, to: &str) -> (String, String) {
    (from.to_owned(), to.to_owned())
}

fn function(spec: &ObjectSpec, name: &str) -> FunctionId {
    let found = spec.functions.iter().position(|function| function.name == name).unwrap();
    FunctionId(found as u32)
}

#[test]
fn each_section_has_places_of_its_own() {
    compilers::each("calls", |label, spec| {
        let sections: Vec<_> =
            spec.functions.iter().map(|f| (f.section.as_str(), f.start)).collect();
        let at_zero = sections.iter().filter(|(_, start)| *start == 0).count();
        assert!(at_zero >= 6, "{label}: {sections:?}");

        let linked = spec.link("first").unwrap();
        assert_eq!(names(&linked), ["first", "add"], "{label}");
        assert_eq!(calls(&linked), [pair("first", "add")], "{label}");
        let linked = spec.link("second").unwrap();
        assert_eq!(names(&linked), ["second", "times"], "{label}");

        let linked = spec.link("third").unwrap();
        assert_eq!(names(&linked), ["third", "global_add_times", "add", "times"], "{label}");
        let expected = [
            pair("third", "global_add_times"),
            pair("global_add_times", "add"),
            pair("global_add_times", "times"),
        ];
        assert_eq!(calls(&linked), expected, "{label}");

        let linked = spec.link("fourth").unwrap();
        assert_eq!(names(&linked), ["fourth", "hidden_two", "weak_one"], "{label}");
    });
}

#[test]
fn callbacks_are_addresses_of_functions() {
    compilers::each("calls", |label, spec| {
        let linked = spec.link("walks").unwrap();
        assert_eq!(names(&linked), ["walks", "each"], "{label}");
        assert_eq!(reached(&linked, |insn| insn.is_func_ref()), [pair("walks", "each")], "{label}");
        let linked = spec.link("loops").unwrap();
        assert_eq!(names(&linked), ["loops", "step"], "{label}");
        assert_eq!(reached(&linked, |insn| insn.is_func_ref()), [pair("loops", "step")], "{label}");
    });
}

#[test]
fn linkage_is_that_of_the_symbols() {
    compilers::each("calls", |label, spec| {
        let linkage = |name: &str| {
            let function = spec.function(function(spec, name)).unwrap();
            (function.linkage, function.weak)
        };
        assert_eq!(linkage("add"), (Linkage::Static, false), "{label}");
        assert_eq!(linkage("global_add_times"), (Linkage::Global, false), "{label}");
        assert_eq!(linkage("weak_one"), (Linkage::Global, true), "{label}");
        assert_eq!(linkage("hidden_two"), (Linkage::Static, false), "{label}");
        assert_eq!(linkage("first"), (Linkage::Global, false), "{label}");
    });
}

#[test]
fn references_that_remain_lead_to_64_bit_loads() {
    compilers::each("calls", |label, spec| {
        let linked = spec.link("walks").unwrap();
        let mut maps = Vec::new();
        for relocation in &linked.relocations {
            let insn = linked.insns[relocation.at as usize];
            assert_eq!(insn.code, Opcode::LD_IMM64, "{label}");
            maps.push(relocation.target.clone());
        }
        let value = |map: &str, offset| Target::MapValue { map: map.to_owned(), offset };
        assert_eq!(maps, [Target::Map("numbers".to_owned()), value(".bss", 0)], "{label}");
        let linked = spec.link("loops").unwrap();
        let targets: Vec<_> = linked.relocations.into_iter().map(|r| r.target).collect();
        assert!(targets.contains(&value(".rodata", 0)), "{label}: {targets:?}");
    });
}

#[test]
fn programs_are_what_their_sections_say() {
    use osmia_abi::{AttachType, ProgType};
    compilers::each("calls", |label, spec| {
        let names: Vec<_> = spec.programs.keys().map(String::as_str).collect();
        let expected = ["first", "second", "third", "fourth", "walks", "loops", "unknown"];
        assert_eq!(names, expected, "{label}");
        assert_eq!(spec.programs["first"].prog_type, Some(ProgType::SOCKET_FILTER));
        let third = &spec.programs["third"];
        assert_eq!(third.attach_type, Some(AttachType::XDP));
        assert!(third.autoload, "{label}");
        let fourth = &spec.programs["fourth"];
        assert_eq!((fourth.prog_type, fourth.section.as_str()), (Some(ProgType::SCHED_CLS), "?tc"));
        assert!(!fourth.autoload, "{label}");
        assert!(spec.programs["walks"].sleepable, "{label}");
        let loops = &spec.programs["loops"];
        assert_eq!(loops.attach_target.as_deref(), Some("syscalls/sys_enter_close"));
        let unknown = &spec.programs["unknown"];
        assert_eq!((unknown.prog_type, unknown.section.as_str()), (None, "nosuch/section"));
        assert_eq!(spec.license, "GPL");
    });
}

#[test]
fn records_of_functions_and_lines_move_along() {
    compilers::each("calls", |label, spec| {
        let btf = spec.btf.clone().unwrap();
        for program in spec.programs.keys() {
            let linked = spec.link(program).unwrap();
            for (start, ty) in linked.func_info().unwrap() {
                let function = linked.function_at(start).unwrap();
                assert_eq!(btf.ty(ty).unwrap().name(), function.name, "{label}");
                let line = linked.line_at(start).unwrap();
                assert_eq!(line.at, start, "{label}: {program}");
                assert!(btf.string(line.info.file).unwrap().ends_with("calls.bpf.c"), "{label}");
            }
            assert!(linked.lines.is_sorted_by(|a, b| a.at < b.at), "{label}: {program}");
        }
        let linked = spec.link("first").unwrap();
        let add = linked.functions[1].start;
        let behind = linked.lines.iter().filter(|line| line.at >= add);
        let text = |line: &Line| btf.string(line.info.text).unwrap().trim().to_owned();
        let texts: Vec<_> = behind.map(text).collect();
        assert!(texts.iter().any(|text| text == "return a + b;"), "{label}: {texts:?}");
        assert!(texts.iter().all(|text| !text.contains("a * b")), "{label}: {texts:?}");
    });
}

#[test]
fn programs_that_are_not_there_are_explained() {
    compilers::each("calls", |label, spec| {
        let error = spec.link("fist").unwrap_err().to_string();
        assert!(
            error.starts_with("there is no program fist; did you mean first?"),
            "{label}: {error}"
        );
        assert!(error.contains("walks"), "{label}: {error}");
    });
}

#[test]
fn edited_programs_are_checked_again() {
    compilers::each("calls", |label, spec| {
        let entry = spec.programs["first"].entry;
        let function = &mut spec.functions[entry.0 as usize];
        let call = function.relocations.iter_mut().find(|r| matches!(r.target, Target::Call(_)));
        call.unwrap().target = Target::Call(FunctionId(9999));
        let error = spec.link("first").unwrap_err().to_string();
        assert!(error.contains("no such function"), "{label}: {error}");

        let function = &mut spec.functions[entry.0 as usize];
        function.relocations.clear();
        function.insns.clear();
        let error = spec.link("first").unwrap_err().to_string();
        assert!(error.contains("has no code"), "{label}: {error}");
    });
}

#[test]
fn recursion_is_linked_once() {
    compilers::each("calls", |label, spec| {
        let (first, add) = (spec.programs["first"].entry, function(spec, "add"));
        let body = spec.functions[add.0 as usize].insns.len() as u32;
        let function = &mut spec.functions[add.0 as usize];
        function.insns.insert(0, Insn::call_subprogram(0));
        function.relocations.push(osmia_object::Relocation { at: 0, target: Target::Call(first) });
        let linked = spec.link("first").unwrap();
        assert_eq!(names(&linked), ["first", "add"], "{label}");
        assert_eq!(linked.functions[1].len, body + 1, "{label}");
        assert!(calls(&linked).contains(&pair("add", "first")), "{label}");
    });
}
