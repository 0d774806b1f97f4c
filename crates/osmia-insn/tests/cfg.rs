//! Control flow graphs.

use osmia_insn::{
    Assembler, Block, Call, Cfg, Endian, Insn, JumpOp, Listing, Operation, Reg, Target,
};

const R0: Reg = Reg::R0;
const R1: Reg = Reg::R1;

fn slots(cfg: &Cfg) -> Vec<(usize, usize)> {
    cfg.blocks().iter().map(|block| (block.slots.start, block.slots.end)).collect()
}

fn edges(cfg: &Cfg) -> Vec<(Option<Target>, Option<Target>)> {
    cfg.blocks().iter().map(|block| (block.next, block.jump)).collect()
}

#[test]
fn a_straight_program_is_one_block() {
    let cfg = Cfg::new(&[Insn::mov64(R0, 0), Insn::call(5), Insn::exit()]);
    let block = Block { slots: 0..3, function: 0, jumped_to: false, next: None, jump: None };
    assert_eq!(cfg.blocks(), [block]);
    assert_eq!(cfg.functions(), [0]);
    assert_eq!(cfg.calls(), []);
}

#[test]
fn a_diamond_has_four_blocks() {
    let insns = Assembler::new()
        .jump64(JumpOp::Eq, R1, 0, "else")
        .push(Insn::mov64(R0, 1))
        .goto("end")
        .label("else")
        .push(Insn::mov64(R0, 2))
        .label("end")
        .push(Insn::exit())
        .assemble()
        .unwrap();
    let cfg = Cfg::new(&insns);
    assert_eq!(slots(&cfg), [(0, 1), (1, 3), (3, 4), (4, 5)]);
    let to = |block| Some(Target::Block(block));
    assert_eq!(edges(&cfg), [(to(1), to(2)), (None, to(3)), (to(3), None), (None, None)]);
    let labels: Vec<Option<String>> =
        (0..6).map(|slot| cfg.label(slot).map(|label| label.to_string())).collect();
    let expected = [Some("func#0"), None, None, Some("L3"), Some("L4"), None];
    assert_eq!(labels, expected.map(|label| label.map(str::to_owned)));
}

#[test]
fn every_kind_of_jump_ends_a_block() {
    let insns = Assembler::new()
        .may_goto("end")
        .gotol("next")
        .label("next")
        .jump32(JumpOp::SLt, R0, R1, "next")
        .push(Insn::gotox(R1))
        .label("end")
        .push(Insn::exit())
        .assemble()
        .unwrap();
    let cfg = Cfg::new(&insns);
    let to = |block| Some(Target::Block(block));
    assert_eq!(slots(&cfg), [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]);
    let expected = [(to(1), to(4)), (None, to(2)), (to(3), to(2)), (None, None), (None, None)];
    assert_eq!(edges(&cfg), expected);
}

#[test]
fn functions_are_called_or_taken_the_address_of() {
    let insns = Assembler::new()
        .call("first")
        .func(R1, "second")
        .push(Insn::exit())
        .label("first")
        .push(Insn::call_kfunc(77, 0))
        .push(Insn::exit())
        .label("second")
        .goto("inside")
        .label("inside")
        .push(Insn::exit())
        .assemble()
        .unwrap();
    let cfg = Cfg::new(&insns);
    assert_eq!(cfg.functions(), [0, 4, 6]);
    let owners: Vec<usize> = cfg.blocks().iter().map(|block| block.function).collect();
    assert_eq!(owners, [0, 1, 2, 2]);
    let expected = [
        Call { at: 0, by_address: false, target: Target::Block(1) },
        Call { at: 1, by_address: true, target: Target::Block(2) },
    ];
    assert_eq!(cfg.calls(), expected);
    assert_eq!(cfg.label(6).unwrap().to_string(), "func#2");
}

#[test]
fn edges_to_nowhere_are_kept() {
    let [first, second] = Insn::ld_imm64(R0, 7);
    let insns = [
        Insn::jump64(JumpOp::Eq, R0, 0, 1),
        first,
        second,
        Insn::jump64(JumpOp::Ne, R0, 0, 100),
        Insn::goto(-9),
        Insn::call_subprogram(i32::MAX),
    ];
    let cfg = Cfg::new(&insns);
    assert_eq!(slots(&cfg), [(0, 1), (1, 4), (4, 5), (5, 6)]);
    let (to, nowhere) = (|block| Some(Target::Block(block)), |slot| Some(Target::Nowhere(slot)));
    let expected =
        [(to(1), nowhere(2)), (to(2), nowhere(104)), (None, nowhere(-4)), (nowhere(6), None)];
    assert_eq!(edges(&cfg), expected);
    let target = Target::Nowhere(6 + i64::from(i32::MAX));
    assert_eq!(cfg.calls(), [Call { at: 5, by_address: false, target }]);
}

#[test]
fn a_program_of_nothing_has_no_blocks() {
    let cfg = Cfg::new(&[]);
    assert!(cfg.blocks().is_empty() && cfg.functions().is_empty() && cfg.calls().is_empty());
    assert_eq!((cfg.block_of(0), cfg.label(0)), (None, None));
}

#[test]
fn a_blocks_lines_keep_their_places() {
    let mut insns = Vec::from(Insn::ld_imm64(R0, 7));
    insns.extend([Insn::goto(0), Insn::exit()]);
    let cfg = Cfg::new(&insns);
    let lines: Vec<Vec<String>> = cfg
        .blocks()
        .iter()
        .map(|block| Listing::range(&insns, block.slots.clone()).map(|l| l.to_string()).collect())
        .collect();
    assert_eq!(lines, [vec!["0: (18) r0 = 0x7", "2: (05) goto pc+0"], vec!["3: (95) exit"]]);
}

/// Whatever the bytes: blocks cover the program without gaps, and edges agree with the last instruction.
#[test]
fn blocks_cover_any_program() {
    let mut random = 1_u64;
    for _ in 0..300 {
        let mut bytes = Vec::new();
        for _ in 0..64 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let [.., any, kind, near, regs, far, _] = random.to_le_bytes();
            // Mostly control flow over short distances.
            let code = [0x05, 0x15, 0x06, 0x85, 0x95, 0x18, 0xb7, any][usize::from(kind % 8)];
            let near = (i16::from(near % 32) - 16).to_le_bytes();
            bytes.extend([code, regs, near[0], near[1], far % 64, 0, 0, 0]);
        }
        check(&Insn::decode_all(&bytes, Endian::Little).unwrap());
    }
}

fn check(insns: &[Insn]) {
    let cfg = Cfg::new(insns);
    let mut end = 0;
    for (index, block) in cfg.blocks().iter().enumerate() {
        assert_eq!(block.slots.start, end);
        assert!(block.slots.end > block.slots.start);
        end = block.slots.end;
        assert_eq!(cfg.block_of(block.slots.start), Some(index));
        assert_eq!(cfg.block_of(block.slots.end - 1), Some(index));
        assert!(
            cfg.functions().get(block.function).is_some_and(|start| *start <= block.slots.start)
        );
        let last = Listing::range(insns, block.slots.clone()).last().expect("a block has lines");
        let leaves = matches!(last.operation(), Operation::Exit | Operation::GotoX { .. });
        assert_eq!(block.edges().count() == 0, leaves, "{last}");
        for target in block.edges() {
            if let Target::Block(to) = target {
                assert!(to < cfg.blocks().len());
            }
        }
    }
    assert_eq!(end, insns.len());
}
