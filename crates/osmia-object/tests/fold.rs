//! Constants folded into the code.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod compilers;

use bytes::Bytes;
use osmia_insn::{Cfg, Insn, Listing, Operation, Reg};
use osmia_object::kconfig::{Config, Facts, values};
use osmia_object::ksym::KernelSymbols;
use osmia_object::{Error, LinkedProgram, ObjectSpec, Target};

/// The values of the constant sections.
fn constants(spec: &ObjectSpec, map: &str) -> Option<Bytes> {
    let config = Config::parse("given", b"CONFIG_HZ=1234\n").unwrap();
    let facts = Facts { config: Some(&config), version: Some(0x0004_1301), ..Facts::default() };
    match map {
        ".rodata" => Some(spec.maps[map].contents.clone()),
        ".kconfig" => Some(values(spec, spec.externs.keys().map(String::as_str), &facts).unwrap()),
        _ => None,
    }
}

fn folded(spec: &ObjectSpec, name: &str) -> Result<(LinkedProgram, LinkedProgram), Error> {
    let mut linked = spec.link(name).unwrap();
    linked.resolve_externs(spec, &KernelSymbols::new(), |_| None).unwrap();
    let before = linked.clone();
    linked.fold_constants(spec, |map| constants(spec, map))?;
    Ok((before, linked))
}

/// The numbers that a program loads into registers.
fn numbers(program: &LinkedProgram) -> Vec<u64> {
    let numbers = Listing::new(&program.insns).filter_map(|line| match line.operation() {
        Operation::Mov { width, src: osmia_insn::Operand::Imm(imm), .. } => Some(match width {
            osmia_insn::Width::W64 => imm as i64 as u64,
            osmia_insn::Width::W32 => u64::from(imm as u32),
        }),
        Operation::LdImm64 { value: osmia_insn::Imm64::Const(value), .. } => Some(value),
        _ => None,
    });
    numbers.collect()
}

#[test]
fn reads_become_numbers_and_references_go() {
    compilers::each("fold", |label, spec| {
        let (_, program) = folded(spec, "reads").unwrap_or_else(|e| panic!("{label}: {e}"));
        let numbers = numbers(&program);
        let wanted = [
            7,
            0xfffb_u64,
            0xffff_fff0,
            0x1234_5678_9abc_def0,
            -3_i64 as u64,
            0xfedc_ba98_7654_3210,
            30,
            1234,
        ];
        for number in wanted {
            // A byte is loaded as it is, and its sign extended by the code that follows.
            let there = numbers.contains(&number) || (number == 0xfffb && numbers.contains(&0xfb));
            assert!(there, "{label}: {number:#x} is not in {numbers:x?}");
        }
        for relocation in &program.relocations {
            assert_eq!(relocation.target, Target::Map("results".to_owned()), "{label}");
            assert!(program.insns[relocation.at as usize].is_wide(), "{label}");
        }
    });
}

#[test]
fn everything_moves_with_the_instructions_that_grow() {
    compilers::each("fold", |label, spec| {
        for name in ["reads", "calls"] {
            let (before, after) = folded(spec, name).unwrap();
            let grown = after.insns.len() - before.insns.len();
            assert!(grown >= 1, "{label}: {name}");
            let (old, new) = (Cfg::new(&before.insns), Cfg::new(&after.insns));
            assert_eq!(old.blocks().len(), new.blocks().len(), "{label}: {name}");
            for (one, two) in old.blocks().iter().zip(new.blocks()) {
                assert_eq!((one.next, one.jump), (two.next, two.jump), "{label}: {name}");
            }
            assert_eq!(before.functions.len(), after.functions.len());
            assert_eq!(before.lines.len(), after.lines.len());
            let last = after.functions.last().unwrap();
            assert_eq!((last.start + last.len) as usize, after.insns.len(), "{label}: {name}");
            for (function, start) in after.functions.iter().zip(new.functions()) {
                assert_eq!(function.start as usize, *start, "{label}: {name}");
                assert!(after.line_at(function.start).is_some(), "{label}: {name}");
            }
            for line in Listing::new(&after.insns) {
                assert!(!matches!(line.operation(), Operation::Unknown(_)), "{label}: {line}");
            }
        }
    });
}

#[test]
fn other_uses_are_refused_by_name_function_and_line() {
    compilers::each("fold", |label, spec| {
        for (program, variable, words, text) in [
            ("indexes", "table", "it is indexed by a number", "return table[skb->len & 3];"),
            ("hands_over", "wide", "bpf_map_update_elem", "bpf_map_update_elem(&results"),
            ("chooses", "", "depends on the path", "return *chosen;"),
        ] {
            let error = folded(spec, program).unwrap_err();
            let Error::Fold { variable: found, function, place, problem, .. } = &error else {
                panic!("{label}: {error}");
            };
            assert!(variable.is_empty() || found == variable, "{label}: {error}");
            assert_eq!(function, program, "{label}");
            assert!(problem.contains(words), "{label}: {error}");
            assert!(place.contains("fold.bpf.c:") && place.contains(text), "{label}: {error}");
            assert!(error.to_string().contains("kernels before 5.2"), "{label}: {error}");
        }
    });
}

#[test]
fn a_refused_program_is_as_it_was() {
    compilers::each("fold", |label, spec| {
        let mut linked = spec.link("indexes").unwrap();
        let before = linked.clone();
        assert!(linked.fold_constants(spec, |map| constants(spec, map)).is_err());
        assert_eq!(linked.insns, before.insns, "{label}");
        assert_eq!(linked.relocations, before.relocations, "{label}");
    });
}

/// A program of a spec whose code is replaced.
fn edited(code: &[Insn], references: &[(u32, u32)]) -> Option<(ObjectSpec, LinkedProgram)> {
    let (_, bytes) =
        compilers::objects("fold").into_iter().find(|(label, _)| label.contains("le"))?;
    let spec = ObjectSpec::parse("fold", bytes.into()).unwrap();
    let mut linked = spec.link("indexes").unwrap();
    linked.insns = code.to_vec();
    linked.lines.clear();
    linked.functions.truncate(1);
    linked.functions[0].len = code.len() as u32;
    linked.relocations = references
        .iter()
        .map(|&(at, offset)| osmia_object::Relocation {
            at,
            target: Target::MapValue { map: ".rodata".to_owned(), offset },
        })
        .collect();
    Some((spec, linked))
}

fn fold(code: &[Insn], references: &[(u32, u32)]) -> Option<Result<Vec<Insn>, Error>> {
    let (spec, mut linked) = edited(code, references)?;
    let outcome = linked.fold_constants(&spec, |map| constants(&spec, map));
    Some(outcome.map(|()| linked.insns))
}

#[test]
fn registers_that_are_left_over_do_no_harm() {
    use osmia_insn::Size::Word;
    let [low, high] = Insn::ld_imm64(Reg::R2, 0);
    let load = Insn::load(Word, Reg::R0, Reg::R2, 0);
    let end = [Insn::mov64(Reg::R0, 0), Insn::exit()];
    // r2 still holds the address when a helper with one argument is called, and one with two.
    let code = |helper| [&[low, high, load, Insn::call(helper)], &end[..]].concat();
    let Some(outcome) = fold(&code(8), &[(0, 0)]) else { return };
    assert!(outcome.is_ok(), "{outcome:?}");
    let error = fold(&code(1), &[(0, 0)]).unwrap().unwrap_err();
    assert!(error.to_string().contains("handed to the helper bpf_map_lookup_elem"), "{error}");
}

#[test]
fn addresses_are_followed_through_moves_and_sums() {
    use osmia_insn::AluOp::{Add, Mul, Sub};
    use osmia_insn::Size::{Byte, Word};
    let [low, high] = Insn::ld_imm64(Reg::R1, 0);
    let end = [Insn::exit()];
    let copy = [
        low,
        high,
        Insn::mov64(Reg::R3, Reg::R1),
        Insn::alu64(Add, Reg::R3, 8),
        Insn::alu64(Sub, Reg::R3, 8),
        Insn::load(Word, Reg::R0, Reg::R3, 0),
    ];
    let Some(outcome) = fold(&[&copy[..], &end].concat(), &[(0, 0)]) else { return };
    let folded = outcome.unwrap();
    assert!(!folded.iter().any(|insn| insn.code == copy[5].code), "{folded:?}");
    for (changed, words) in [
        (Insn::alu64(Mul, Reg::R3, 2), "indexed"),
        (Insn::alu64(Add, Reg::R3, Reg::R4), "indexed"),
        (Insn::mov32(Reg::R3, Reg::R1), "indexed"),
        (Insn::load(Byte, Reg::R4, Reg::R3, 4000), "beyond the end"),
        (Insn::load(Byte, Reg::R4, Reg::R3, -9), "beyond the end"),
        (Insn::store(Word, Reg::R3, 0, Reg::R4), "written to"),
        (Insn::store(osmia_insn::Size::Double, Reg::R10, -8, Reg::R3), "stored in memory"),
        (Insn::jump64(osmia_insn::JumpOp::Eq, Reg::R3, 0, 0), "compared"),
        (Insn::mov64(Reg::R0, Reg::R3), "returned"),
    ] {
        let mut code = copy.to_vec();
        code[4] = changed;
        code[5] = Insn::mov64(Reg::R5, 0);
        let error = fold(&[&code[..], &end].concat(), &[(0, 0)]).unwrap().unwrap_err();
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
}

#[test]
fn loops_end() {
    use osmia_insn::AluOp::Add;
    let [low, high] = Insn::ld_imm64(Reg::R1, 0);
    let code = [
        low,
        high,
        Insn::load(osmia_insn::Size::Word, Reg::R2, Reg::R1, 0),
        Insn::alu64(Add, Reg::R1, 4),
        Insn::goto(-3),
    ];
    let Some(outcome) = fold(&code, &[(0, 0)]) else { return };
    let error = outcome.unwrap_err().to_string();
    assert!(error.contains("depends on the path"), "{error}");
}

#[test]
fn what_is_no_constant_is_refused_as_such() {
    compilers::each("variables", |label, spec| {
        let linked = spec.link("uses").unwrap();
        let error = linked.refuse_variables(spec).unwrap_err().to_string();
        assert!(error.contains("it is no constant; kernels before 5.2"), "{label}: {error}");
        assert!(error.contains("variables.bpf.c:"), "{label}: {error}");
    });
}
