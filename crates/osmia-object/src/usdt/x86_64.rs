//! Arguments on x86-64, as the assembler writes operands.

use crate::usdt::argument::Location;
use crate::usdt::number::number;

/// Where the registers are in the kernel's `struct pt_regs`, with the names of their parts of 8, 4, 2 and 1 bytes.
const REGISTERS: [(u16, [&str; 4]); 16] = [
    (0, ["r15", "r15d", "r15w", "r15b"]),
    (8, ["r14", "r14d", "r14w", "r14b"]),
    (16, ["r13", "r13d", "r13w", "r13b"]),
    (24, ["r12", "r12d", "r12w", "r12b"]),
    (32, ["rbp", "ebp", "bp", "bpl"]),
    (40, ["rbx", "ebx", "bx", "bl"]),
    (48, ["r11", "r11d", "r11w", "r11b"]),
    (56, ["r10", "r10d", "r10w", "r10b"]),
    (64, ["r9", "r9d", "r9w", "r9b"]),
    (72, ["r8", "r8d", "r8w", "r8b"]),
    (80, ["rax", "eax", "ax", "al"]),
    (88, ["rcx", "ecx", "cx", "cl"]),
    (96, ["rdx", "edx", "dx", "dl"]),
    (104, ["rsi", "esi", "si", "sil"]),
    (112, ["rdi", "edi", "di", "dil"]),
    (152, ["rsp", "esp", "sp", "spl"]),
];
/// The second bytes of registers, which four of them have names for.
const SECOND_BYTES: [(u16, &str); 4] = [(81, "ah"), (41, "bh"), (89, "ch"), (97, "dh")];

/// `$-9`, `%rax`, `-1204(%rbp)`, `8(%rax,%rbx,4)`.
pub(super) fn location(operand: &str) -> Result<Location, &'static str> {
    if let Some(constant) = operand.strip_prefix('$') {
        let value = number(constant).ok_or("the constant is no number")?;
        return Ok(Location::Constant(value));
    }
    let Some((offset, registers)) = operand.split_once('(') else {
        return Ok(Location::Register(register(operand)?));
    };
    let offset = match offset.trim() {
        "" => 0,
        text => number(text).ok_or("the offset is no number, but perhaps a symbol's name")?,
    };
    let registers = registers.strip_suffix(')').ok_or("the parenthesis is not closed")?;
    let mut parts = registers.split(',').map(str::trim);
    let base = parts.next().unwrap_or_default();
    if base.is_empty() {
        return Err("addresses without a base are not supported");
    }
    let register = register(base)?;
    let Some(index) = parts.next() else { return Ok(Location::Memory { register, offset }) };
    let scale = match parts.next() {
        None | Some("1") => 0,
        Some("2") => 1,
        Some("4") => 2,
        Some("8") => 3,
        Some(_) => return Err("the scale is not 1, 2, 4 or 8"),
    };
    match parts.next() {
        Some(_) => Err("there is more than base, index and scale"),
        None => Ok(Location::Indexed { register, offset, index: self::register(index)?, scale }),
    }
}

fn register(text: &str) -> Result<u16, &'static str> {
    let name =
        text.strip_prefix('%').ok_or("it is neither a constant, a register nor an address")?;
    let whole = REGISTERS.iter().find(|(_, names)| names.contains(&name)).map(|(at, _)| *at);
    let part = || SECOND_BYTES.iter().find(|(_, part)| *part == name).map(|(at, _)| *at);
    whole.or_else(part).ok_or(match name {
        "rip" | "eip" => "addresses relative to the instruction are not supported",
        name if name.starts_with("xmm") || name.starts_with("ymm") => {
            "programs in BPF cannot read floating-point registers"
        }
        _ => "there is no such register",
    })
}
