//! Jumps through registers, and the tables that say where to.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use osmia_insn::{Imm64, Insn, Opcode, Operation, Reg};
use osmia_object::{LinkedProgram, ObjectSpec, Relocation, Target};
use osmia_testkit::clang::Clang;
use osmia_testkit::fixture::{Cpu, Fixture};

fn compiled() -> Option<ObjectSpec> {
    let fixture = Fixture::new("jump_tables").define("COMPILED").clang(Clang::V22).cpu(Cpu::V4);
    Some(ObjectSpec::parse("jump_tables", fixture.bytes()?.into()).unwrap())
}

fn handwritten() -> Option<Vec<u8>> {
    Fixture::new("jump_tables").clang(Clang::V19).cpu(Cpu::V4).bytes()
}

/// The numbers that the places of each table load, where they begin with `r0 = N`.
fn loads(linked: &LinkedProgram) -> Vec<Vec<Option<i32>>> {
    let number = |place: &u32| {
        let insn = linked.insns[*place as usize];
        (insn.code == Opcode(0xb7) && insn.dst == Reg::R0).then_some(insn.imm)
    };
    linked.jump_tables.iter().map(|table| table.places.iter().map(number).collect()).collect()
}

fn tables_referred_to(linked: &LinkedProgram) -> Vec<u32> {
    let targets = linked.relocations.iter().filter_map(|relocation| match relocation.target {
        Target::JumpTable { table, offset: 0 } => Some(table),
        _ => None,
    });
    targets.collect()
}

#[test]
fn places_are_counted_from_the_program_s_start() {
    let Some(bytes) = handwritten() else { return };
    let spec = ObjectSpec::parse("jump_tables", bytes.into()).unwrap();
    let linked = spec.link("chooses").unwrap();
    assert_eq!(linked.jump_tables.len(), 1);
    assert_eq!(linked.jump_tables[0].name, "table");
    assert_eq!(linked.jump_tables[0].places, [8, 10, 12]);
    assert_eq!(loads(&linked), [[Some(17), Some(5), Some(99)]]);
    assert_eq!(
        linked.relocations,
        [Relocation { at: 3, target: Target::JumpTable { table: 0, offset: 0 } }]
    );
    assert_eq!(spec.link("before").unwrap().jump_tables, []);
    let cfg = linked.cfg();
    assert!(linked.jump_tables[0].places.iter().all(|place| cfg.label(*place as usize).is_some()));
}

#[test]
fn tables_of_subprograms_move_with_them() {
    let Some(spec) = compiled() else { return };
    let alone = spec.functions.iter().find(|function| function.name == "worth").unwrap();
    let table = &alone.jump_tables[0];
    assert_eq!(table.places.len(), 16);
    let mut starts = Vec::new();
    for name in ["chooses", "chooses_twice"] {
        let linked = spec.link(name).unwrap();
        let worth = linked.functions.iter().find(|function| function.name == "worth").unwrap();
        let moved: Vec<u32> = table.places.iter().map(|place| place + worth.start).collect();
        assert_eq!(linked.jump_tables.len(), 1, "{name}");
        assert_eq!(linked.jump_tables[0].places, moved, "{name}");
        assert_eq!(tables_referred_to(&linked), [0], "{name}");
        starts.push(worth.start);
    }
    assert_ne!(starts[0], starts[1], "both programs have the function at the same place");
    let linked = spec.link("computed").unwrap();
    assert_eq!(linked.jump_tables[0].places.len(), 3);
    assert_eq!(tables_referred_to(&linked), [0]);
}

#[test]
fn the_jump_is_printed_as_the_verifier_does() {
    let Some(bytes) = handwritten() else { return };
    let spec = ObjectSpec::parse("jump_tables", bytes.into()).unwrap();
    let linked = spec.link("chooses").unwrap();
    let jumps: Vec<_> = osmia_insn::Listing::new(&linked.insns)
        .filter(|line| matches!(line.operation(), Operation::GotoX { .. }))
        .map(|line| line.to_string())
        .collect();
    assert_eq!(jumps, ["7: (0d) gotox r1"]);
}

/// Where the table's bytes are in the file.
fn table_at(bytes: &[u8]) -> usize {
    let table = [0x58_u64, 0x68, 0x78].map(u64::to_ne_bytes).concat();
    bytes.windows(table.len()).position(|window| window == table).unwrap()
}

#[test]
fn tables_that_lead_astray_are_refused_by_the_program_that_has_them() {
    let Some(good) = handwritten() else { return };
    // Into another function, into an instruction, out of the section.
    for (byte, told) in [(8_u64, "0x8"), (0x59, "0x59"), (1 << 40, "0x10000000000")] {
        let mut bytes = good.clone();
        let at = table_at(&bytes) + 8;
        bytes[at..at + 8].copy_from_slice(&byte.to_ne_bytes());
        let spec = ObjectSpec::parse("jump_tables", bytes.into()).unwrap();
        assert!(spec.link("before").is_ok());
        let text = spec.link("chooses").unwrap_err().to_string();
        let expected = format!(
            "program chooses: function chooses, instruction 3: table: its entry 1 leads to byte {told} of \
             section syscall, where no instruction of the function begins"
        );
        assert_eq!(text, expected);
    }
}

#[test]
fn constants_fold_into_code_behind_a_jump_through_a_register() {
    let Some(bytes) = handwritten() else { return };
    let mut spec = ObjectSpec::parse("jump_tables", bytes.into()).unwrap();
    // `r0 = 5` becomes a constant's load, which takes two slots more.
    let mut constants = osmia_object::MapSpec::new(".rodata", osmia_abi::MapType::ARRAY);
    (constants.key_size, constants.value_size, constants.max_entries) = (4, 8, 1);
    constants.role = osmia_object::MapRole::Constants;
    constants.contents = (1_u64 << 40 | 5).to_ne_bytes().to_vec().into();
    spec.maps.insert(".rodata".to_owned(), constants.clone());
    let id = spec.programs["chooses"].entry.0 as usize;
    let function = &mut spec.functions[id];
    let value = Imm64::MapValue { fd: 0, offset: 0 }.slots(Reg::R1);
    let load = Insn { code: Opcode(0x79), dst: Reg::R0, src: Reg::R1, ..Insn::default() };
    function.insns.splice(10..11, [value[0], value[1], load]);
    function.jump_tables[0].places[2] += 2;
    function.insns[1].off += 2;
    let target = Target::MapValue { map: ".rodata".to_owned(), offset: 0 };
    function.relocations.push(Relocation { at: 10, target });
    let mut linked = spec.link("chooses").unwrap();
    linked.fold_constants(&spec, |_| Some(constants.contents.clone())).unwrap();
    assert_eq!(tables_referred_to(&linked), [0]);
    assert_eq!(linked.relocations.len(), 1, "{:?}", linked.relocations);
    let [table] = linked.jump_tables.as_slice() else { panic!("{:?}", linked.jump_tables) };
    let last = *table.places.last().unwrap() as usize;
    assert_eq!(linked.insns[last].imm, 99, "{:?}", table.places);
}
