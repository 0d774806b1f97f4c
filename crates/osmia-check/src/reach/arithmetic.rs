//! Arithmetic on what is known.

use osmia_insn::{AluOp, JumpOp, Width};

use crate::reach::value::Value;

/// The result of an operation.
pub(super) fn alu(width: Width, op: AluOp, one: Value, two: Value) -> Value {
    match (one, two) {
        (Value::Number(one), Value::Number(two)) => {
            number(width, op, one, two).map_or(Value::Any, Value::Number)
        }
        (Value::Constant { map, offset }, Value::Number(by)) if width == Width::W64 => {
            let moved = match op {
                AluOp::Add => offset.checked_add(by as i64),
                AluOp::Sub => offset.checked_sub(by as i64),
                _ => None,
            };
            moved.map_or(Value::Any, |offset| Value::Constant { map, offset })
        }
        (Value::Stack(offset), Value::Number(by)) if width == Width::W64 => {
            let by = i32::try_from(by as i64).ok();
            let moved = by.and_then(|by| match op {
                AluOp::Add => offset.checked_add(by),
                AluOp::Sub => offset.checked_sub(by),
                _ => None,
            });
            moved.map_or(Value::Wild, Value::Stack)
        }
        _ if one.may_be_stack() || two.may_be_stack() => Value::Wild,
        (Value::Untold, Value::Number(_) | Value::Untold) | (Value::Number(_), Value::Untold) => {
            Value::Untold
        }
        _ => Value::Any,
    }
}

fn number(width: Width, op: AluOp, one: u64, two: u64) -> Option<u64> {
    let wide = width == Width::W64;
    let (one, two) = if wide { (one, two) } else { (one as u32 as u64, two as u32 as u64) };
    let shift = two as u32 & if wide { 63 } else { 31 };
    let result = match op {
        AluOp::Add => one.wrapping_add(two),
        AluOp::Sub => one.wrapping_sub(two),
        AluOp::Mul => one.wrapping_mul(two),
        AluOp::Or => one | two,
        AluOp::And => one & two,
        AluOp::Xor => one ^ two,
        AluOp::Lsh => one << shift,
        AluOp::Rsh => one >> shift,
        AluOp::Arsh if wide => (one as i64 >> shift) as u64,
        AluOp::Arsh => (one as i32 >> shift) as u64,
        // The verifier forgets what divisions yield, or did for long.
        _ => return None,
    };
    Some(if wide { result } else { u64::from(result as u32) })
}

/// Whether a condition holds, if that is certain.
pub(super) fn compare(width: Width, op: JumpOp, one: Value, two: Value) -> Option<bool> {
    match (one, two) {
        (Value::Number(one), Value::Number(two)) => Some(holds(width, op, one, two)),
        // A pointer is never 0; nothing else is certain of it.
        (value, Value::Number(0)) if value.is_not_zero() && width == Width::W64 => match op {
            JumpOp::Eq => Some(false),
            JumpOp::Ne => Some(true),
            _ => None,
        },
        _ => None,
    }
}

fn holds(width: Width, op: JumpOp, one: u64, two: u64) -> bool {
    let wide = width == Width::W64;
    let (one, two) = if wide { (one, two) } else { (one as u32 as u64, two as u32 as u64) };
    let sign = |value: u64| if wide { value as i64 } else { i64::from(value as i32) };
    match op {
        JumpOp::Eq => one == two,
        JumpOp::Ne => one != two,
        JumpOp::Gt => one > two,
        JumpOp::Ge => one >= two,
        JumpOp::Lt => one < two,
        JumpOp::Le => one <= two,
        JumpOp::Set => one & two != 0,
        JumpOp::SGt => sign(one) > sign(two),
        JumpOp::SGe => sign(one) >= sign(two),
        JumpOp::SLt => sign(one) < sign(two),
        JumpOp::SLe => sign(one) <= sign(two),
    }
}

#[cfg(test)]
mod tests {
    use osmia_insn::AluOp::{Add, Arsh, Div, Lsh};
    use osmia_insn::JumpOp::{Eq, Gt, Lt, Ne, SGt};
    use osmia_insn::Width::{W32, W64};

    use super::{alu, compare};
    use crate::reach::value::Value::{Address, Any, Constant, Number, Stack, Untold, Wild};

    #[test]
    fn numbers_are_computed_at_their_width() {
        assert_eq!(alu(W64, Add, Number(u64::MAX), Number(2)), Number(1));
        assert_eq!(alu(W32, Add, Number(0xffff_ffff), Number(2)), Number(1));
        assert_eq!(alu(W64, Lsh, Number(1), Number(65)), Number(2));
        assert_eq!(alu(W32, Arsh, Number(0x8000_0000), Number(31)), Number(0xffff_ffff));
        assert_eq!(alu(W64, Div, Number(4), Number(2)), Any);
        let at = |offset| Constant { map: 1, offset };
        assert_eq!(alu(W64, Add, at(4), Number(8)), at(12));
        assert_eq!(alu(W32, Add, at(4), Number(8)), Any);
        assert_eq!(alu(W64, Add, Untold, Number(8)), Untold);
        assert_eq!(alu(W64, Add, Address, Number(8)), Any);
        assert_eq!(alu(W64, Add, Stack(0), Number(-8_i64 as u64)), Stack(-8));
        assert_eq!(alu(W64, Add, Stack(0), Any), Wild);
        assert_eq!(alu(W64, Add, Any, Stack(0)), Wild);
        assert_eq!(alu(W64, Add, Stack(0), Number(1 << 40)), Wild);
    }

    #[test]
    fn conditions_are_decided_where_they_can_be() {
        assert_eq!(compare(W64, Eq, Number(0), Number(0)), Some(true));
        assert_eq!(compare(W64, Gt, Number(u64::MAX), Number(1)), Some(true));
        assert_eq!(compare(W64, SGt, Number(u64::MAX), Number(1)), Some(false));
        assert_eq!(compare(W32, Lt, Number(1 << 32), Number(1)), Some(true));
        assert_eq!(compare(W64, Ne, Address, Number(0)), Some(true));
        assert_eq!(compare(W32, Ne, Address, Number(0)), None);
        assert_eq!(compare(W64, Eq, Address, Number(1)), None);
        assert_eq!(compare(W64, Eq, Untold, Number(0)), None);
        assert_eq!(compare(W64, Eq, Number(1), Any), None);
    }
}
