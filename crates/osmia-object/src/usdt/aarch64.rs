//! Arguments on arm64, as the assembler writes operands.

use crate::usdt::argument::Location;
use crate::usdt::number::number;

/// Where `sp` is in the kernel's `struct user_pt_regs`, behind x0 to x30.
const STACK_POINTER: u16 = 31 * 8;

/// `-9`, `x3`, `[x0]`, `[sp, 60]`.
pub(super) fn location(operand: &str) -> Result<Location, &'static str> {
    if let Some(inside) = operand.strip_prefix('[') {
        let inside = inside.strip_suffix(']').ok_or("the bracket is not closed")?;
        let (base, offset) = match inside.split_once(',') {
            Some((base, offset)) => (base.trim(), Some(offset.trim())),
            None => (inside.trim(), None),
        };
        let offset = match offset {
            None => 0,
            Some(text) => number(text.strip_prefix('#').unwrap_or(text))
                .ok_or("the offset is no number: offsets in registers are not supported")?,
        };
        return Ok(Location::Memory { register: register(base)?, offset });
    }
    if let Some(value) = number(operand.strip_prefix('#').unwrap_or(operand)) {
        return Ok(Location::Constant(value));
    }
    match operand {
        "xzr" | "wzr" => Ok(Location::Constant(0)),
        name => Ok(Location::Register(register(name)?)),
    }
}

fn register(name: &str) -> Result<u16, &'static str> {
    if name == "sp" || name == "wsp" {
        return Ok(STACK_POINTER);
    }
    let digits = name.strip_prefix('x').or_else(|| name.strip_prefix('w'));
    let number = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    match number.and_then(|digits| digits.parse::<u16>().ok()) {
        Some(number) if number <= 30 => Ok(number * 8),
        _ => Err("it is neither a constant, a register nor an address"),
    }
}
