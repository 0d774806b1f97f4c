//! Every operation that kernels know, with representative operands.

use osmia_insn::{AluOp, AtomicOp, ByteOrder, Imm64, JumpOp, Operand, Operation, Reg, Size, Width};

const REGS: [Reg; 5] = [Reg::R0, Reg::R1, Reg::R5, Reg::R9, Reg::R10];
const IMMS: [i32; 6] = [0, 1, -1, 0x7b, i32::MIN, i32::MAX];
const OFFS: [i16; 5] = [0, 4, -8, i16::MIN, i16::MAX];
const SIZES: [Size; 4] = [Size::Byte, Size::Half, Size::Word, Size::Double];
const SMALL: [Size; 3] = [Size::Byte, Size::Half, Size::Word];
const WIDTHS: [Width; 2] = [Width::W32, Width::W64];

/// All of them.
pub fn operations() -> Vec<Operation> {
    let mut all = vec![Operation::Nospec, Operation::Exit];
    arithmetic(&mut all);
    moves(&mut all);
    packets(&mut all);
    memory(&mut all);
    jumps(&mut all);
    calls(&mut all);
    all
}

fn operands() -> impl Iterator<Item = Operand> {
    REGS.into_iter().map(Operand::Reg).chain(IMMS.into_iter().map(Operand::Imm))
}

fn arithmetic(all: &mut Vec<Operation>) {
    for width in WIDTHS {
        for dst in REGS {
            all.push(Operation::Neg { width, dst });
            for src in operands() {
                all.extend(AluOp::ALL.map(|op| Operation::Alu { width, op, dst, src }));
            }
        }
    }
    for order in [ByteOrder::ToLittle, ByteOrder::ToBig, ByteOrder::Swap] {
        for size in [Size::Half, Size::Word, Size::Double] {
            all.extend(REGS.map(|dst| Operation::Endian { order, dst, size }));
        }
    }
}

fn moves(all: &mut Vec<Operation>) {
    for dst in REGS {
        for width in WIDTHS {
            all.extend(operands().map(|src| Operation::Mov { width, dst, src }));
        }
        for src in REGS {
            let width = Width::W64;
            all.extend(SMALL.map(|from| Operation::MovSx { width, dst, src, from }));
            let width = Width::W32;
            all.extend([Size::Byte, Size::Half].map(|from| Operation::MovSx {
                width,
                dst,
                src,
                from,
            }));
            all.push(Operation::AddrSpaceCast { dst, src, to: 0, from: 1 });
            all.push(Operation::AddrSpaceCast { dst, src, to: 0xffff, from: 0x8000 });
            all.push(Operation::PercpuAddr { dst, src });
        }
        for low in IMMS {
            all.extend(wide(low).into_iter().map(|value| Operation::LdImm64 { dst, value }));
        }
    }
}

fn wide(low: i32) -> Vec<Imm64> {
    let mut values = vec![Imm64::MapFd(low), Imm64::Func(low), Imm64::MapIdx(low)];
    for offset in IMMS {
        values.push(Imm64::MapValue { fd: low, offset });
        values.push(Imm64::BtfId { id: low, btf_fd: offset });
        values.push(Imm64::MapIdxValue { index: low, offset });
        values.push(Imm64::Const(u64::from_le_bytes(
            (i64::from(low) ^ i64::from(offset) << 31).to_le_bytes(),
        )));
    }
    values
}

fn packets(all: &mut Vec<Operation>) {
    for size in SMALL {
        for off in IMMS {
            all.push(Operation::LdAbs { size, off });
            all.extend(REGS.map(|src| Operation::LdInd { size, src, off }));
        }
    }
}

fn memory(all: &mut Vec<Operation>) {
    for (base, off) in REGS.into_iter().flat_map(|base| OFFS.map(|off| (base, off))) {
        for size in SIZES {
            all.extend(operands().map(|src| Operation::Store { size, base, off, src }));
            for reg in REGS {
                all.push(Operation::Load { size, signed: false, dst: reg, base, off });
                all.push(Operation::LoadAcquire { size, dst: reg, base, off });
                all.push(Operation::StoreRelease { size, base, off, src: reg });
            }
        }
        for dst in REGS {
            all.extend(SMALL.map(|size| Operation::Load { size, signed: true, dst, base, off }));
        }
        for size in [Size::Word, Size::Double] {
            for src in REGS {
                all.extend(AtomicOp::ALL.map(|op| Operation::Atomic { size, op, base, off, src }));
            }
        }
    }
}

fn jumps(all: &mut Vec<Operation>) {
    all.extend(REGS.map(|dst| Operation::GotoX { dst }));
    all.extend(IMMS.map(|distance| Operation::GotoL { distance }));
    for distance in OFFS {
        all.push(Operation::Goto { distance });
        all.push(Operation::MayGoto { distance });
        for width in WIDTHS {
            for (dst, src) in REGS.into_iter().flat_map(|dst| operands().map(move |s| (dst, s))) {
                all.extend(JumpOp::ALL.map(|op| Operation::Jump { width, op, dst, src, distance }));
            }
        }
    }
}

fn calls(all: &mut Vec<Operation>) {
    all.extend(REGS.map(|dst| Operation::CallX { dst }));
    for imm in IMMS {
        all.push(Operation::Call { helper: imm });
        all.push(Operation::CallSubprogram { distance: imm });
        all.extend(OFFS.map(|module| Operation::CallKfunc { btf_id: imm, module }));
    }
}
