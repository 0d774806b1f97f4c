//! What the verifier counts.

use serde::{Deserialize, Serialize};

/// What the verifier counted on its way through a program, and what came out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// How many instructions it looked at, counting each time it did.
    pub insns: u64,
    /// How many states it kept altogether.
    pub states: u64,
    /// How many it kept at the same time.
    pub peak_states: u64,
    /// How much stack the program and what it calls have, in bytes.
    pub stack: u64,
    /// How long it took.
    pub usec: u64,
    /// How many instructions the program has afterwards.
    pub xlated: u32,
    /// The bytes of its machine code.
    pub jited: u32,
}

impl Figures {
    /// Reads them from the verifier's log.
    pub fn read(log: &str) -> Self {
        let mut figures = Self::default();
        for line in log.lines() {
            if let Some(rest) = line.strip_prefix("verification time ") {
                figures.usec = first_number(rest);
            } else if let Some(rest) = line.strip_prefix("stack depth ") {
                // One number for each function, those that are called behind a plus.
                let depths = rest.split_whitespace().next().unwrap_or_default();
                figures.stack = depths.split('+').map(first_number).sum();
            } else if let Some(rest) = line.strip_prefix("processed ") {
                figures.insns = first_number(rest);
                let behind = |key: &str| {
                    rest.split_once(key).map_or(0, |(_, rest)| first_number(rest.trim_start()))
                };
                figures.states = behind("total_states");
                figures.peak_states = behind("peak_states");
            }
        }
        figures
    }
}

fn first_number(text: &str) -> u64 {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end).and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::Figures;

    #[test]
    fn figures_are_read_from_logs() {
        let log = "0: R1=ctx()\nverification time 47 usec\nstack depth 8+16\nprocessed 21 insns \
                   (limit 1000000) max_states_per_insn 0 total_states 3 peak_states 2 mark_read 1\n";
        let figures = Figures::read(log);
        assert_eq!((figures.insns, figures.states, figures.peak_states), (21, 3, 2));
        assert_eq!((figures.usec, figures.stack), (47, 24));
        assert_eq!(Figures::read("processed \nstack depth x\n"), Figures::default());
    }
}
