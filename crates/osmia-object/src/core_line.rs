//! The line of C that a CO-RE relocation is about.

use osmia_btf::core_re::Relocation;
use osmia_btf::{Btf, CoreRecord};
use osmia_insn::{Insn, Listing, Operand, Operation, Reg};

use crate::function::Line;
use crate::linked_program::LinkedProgram;

/// A number is used within so many instructions, or its use is not looked for.
const REACH: usize = 256;

impl LinkedProgram {
    /// The line of C that asks a target's types by an instruction that [`insn`](crate::Poisoned::insn)
    /// was before it was relocated.
    ///
    /// Compilers tell no line for instructions that load an offset or a size, so that they seem to
    /// belong to the line before; the line is that of the instruction which uses the number.
    pub fn core_line(&self, btf: &Btf, at: u32, insn: Insn, record: &CoreRecord) -> Option<&Line> {
        let own = self.line_at(at);
        let dst = match insn.operation() {
            Operation::Mov { dst, src: Operand::Imm(_), .. } => dst,
            _ if insn.is_wide() => insn.dst,
            _ => return own,
        };
        let name = Relocation::read(btf, record).map(|asked| last_name(&asked.subject())).ok();
        let names_it = |line: &&Line| {
            let text = btf.string(line.info.text).ok();
            text.zip(name.as_deref()).is_some_and(|(text, name)| has_word(text, name))
        };
        let way: Vec<&Line> =
            self.way(at, dst).into_iter().filter_map(|at| self.line_at(at)).collect();
        // A line says so itself, if no macro hides the name.
        let named = way.iter().rev().copied().find(names_it).or(own.filter(names_it));
        named.or(way.last().copied()).or(own)
    }

    /// The instructions after a slot that have to do with the number in a register, up to the
    /// first that does something else than to compute with it.
    fn way(&self, at: u32, reg: Reg) -> Vec<u32> {
        let Some(function) = self.function_at(at) else { return Vec::new() };
        let end = ((function.start + function.len) as usize).min(self.insns.len());
        let start = (at as usize + 1).min(end);
        let mut held = Held::default();
        held.set(reg, true);
        let mut way = Vec::new();
        for line in Listing::range(&self.insns, start..end).take(REACH) {
            let followed = held.follow(line.operation());
            if matches!(followed, Followed::Computed | Followed::Used) {
                way.push(line.index as u32);
            }
            if matches!(followed, Followed::Used | Followed::Lost) {
                break;
            }
        }
        way
    }
}

/// The registers that hold the number, or what was computed with it.
#[derive(Default)]
struct Held([bool; 16]);

enum Followed {
    On,
    Computed,
    Used,
    Lost,
}

impl Held {
    fn has(&self, reg: Reg) -> bool {
        self.0.get(usize::from(reg.number())).copied().unwrap_or_default()
    }

    fn set(&mut self, reg: Reg, held: bool) {
        if let Some(place) = self.0.get_mut(usize::from(reg.number())) {
            *place = held;
        }
    }

    fn operand(&self, operand: Operand) -> bool {
        matches!(operand, Operand::Reg(reg) if self.has(reg))
    }

    fn follow(&mut self, operation: Operation) -> Followed {
        let used = match operation {
            Operation::Alu { dst, src, .. } if self.has(dst) || self.operand(src) => {
                self.set(dst, true);
                return Followed::Computed;
            }
            Operation::Mov { dst, src, .. } if self.operand(src) => {
                self.set(dst, true);
                return Followed::Computed;
            }
            Operation::Mov { dst, .. } => {
                self.set(dst, false);
                false
            }
            Operation::LdImm64 { dst, .. } => {
                self.set(dst, false);
                false
            }
            Operation::Load { dst, base, .. } => {
                let used = self.has(base);
                self.set(dst, false);
                used
            }
            Operation::Store { base, src, .. } => self.has(base) || self.operand(src),
            Operation::Jump { dst, src, .. } => self.has(dst) || self.operand(src),
            Operation::Call { .. }
            | Operation::CallKfunc { .. }
            | Operation::CallSubprogram { .. } => {
                let arguments = [Reg::R1, Reg::R2, Reg::R3, Reg::R4, Reg::R5];
                let used = arguments.into_iter().any(|reg| self.has(reg));
                for reg in arguments.into_iter().chain([Reg::R0]) {
                    self.set(reg, false);
                }
                used
            }
            Operation::Exit => self.has(Reg::R0),
            Operation::Goto { .. } | Operation::GotoL { .. } => return Followed::Lost,
            _ => false,
        };
        match used {
            true => Followed::Used,
            false if self.0.contains(&true) => Followed::On,
            false => Followed::Lost,
        }
    }
}

/// The last name of what is asked for: `iov` of `struct iov_iter.iov`.
fn last_name(subject: &str) -> String {
    let last = subject.rsplit(['.', ' ']).next().unwrap_or(subject);
    last.split('[').next().unwrap_or(last).to_owned()
}

fn has_word(text: &str, word: &str) -> bool {
    let letter = |byte: Option<&u8>| byte.is_some_and(|&b| b.is_ascii_alphanumeric() || b == b'_');
    !word.is_empty()
        && text.match_indices(word).any(|(at, _)| {
            let bytes = text.as_bytes();
            let before = at.checked_sub(1).and_then(|before| bytes.get(before));
            !letter(before) && !letter(bytes.get(at + word.len()))
        })
}

#[cfg(test)]
mod tests {
    use super::{has_word, last_name};

    #[test]
    fn names_and_words() {
        assert_eq!(last_name("struct iov_iter.iov"), "iov");
        assert_eq!(last_name("struct event[2].args[1]"), "args");
        assert_eq!(last_name("enum state: RUNNING"), "RUNNING");
        assert!(has_word("x = BPF_CORE_READ(iter, iov);", "iov"));
        assert!(!has_word("x = BPF_CORE_READ(iter, __iov);", "iov"));
        assert!(!has_word("iov_iter *x;", "iov") && !has_word("", "iov") && !has_word("x", ""));
    }
}
