//! One line of the kernel's trace pipe.

use std::time::Duration;

/// A message of `bpf_printk`, taken from a line of the trace pipe.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TraceLine {
    /// The name of the thread that the program ran in; `<...>` if the kernel has forgotten it.
    pub comm: String,
    /// The thread's id.
    pub pid: u32,
    /// The CPU that it ran on.
    pub cpu: u32,
    /// The kernel's trace clock.
    pub timestamp: Duration,
    /// What was printed.
    pub message: String,
}

/// What the trace pipe says in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// A message.
    Message(TraceLine),
    /// `CPU:1 [LOST 42 EVENTS]`.
    Lost(u64),
    /// Neither: the next line of a message that has several.
    Continuation,
}

const MARK: &str = ": bpf_trace_printk: ";

/// Reads `            bash-1234    [001] d..31   55.123456: bpf_trace_printk: text`.
pub(crate) fn parse(line: &str) -> Parsed {
    match parse_message(line) {
        Some(message) => Parsed::Message(message),
        None => parse_lost(line).map_or(Parsed::Continuation, Parsed::Lost),
    }
}

fn parse_message(line: &str) -> Option<TraceLine> {
    let (head, message) = line.split_once(MARK)?;
    let (head, timestamp) = head.trim_end().rsplit_once(char::is_whitespace)?;
    let (seconds, micros) = timestamp.split_once('.')?;
    // The column of flags is there unless the irq-info option is off.
    let (task, cpu) = head.rsplit_once('[')?;
    let (cpu, _flags) = cpu.split_once(']')?;
    // With the record-tgid option the process id follows in parentheses.
    let task = match task.rsplit_once('(') {
        Some((task, tgid)) if tgid.trim_end().ends_with(')') => task,
        _ => task,
    };
    let (comm, pid) = task.trim().rsplit_once('-')?;
    Some(TraceLine {
        comm: comm.to_owned(),
        pid: pid.parse().ok()?,
        cpu: cpu.trim().parse().ok()?,
        timestamp: Duration::from_secs(seconds.parse().ok()?)
            + Duration::from_micros(micros.parse().ok()?),
        message: message.to_owned(),
    })
}

fn parse_lost(line: &str) -> Option<u64> {
    let (_, lost) = line.strip_prefix("CPU:")?.split_once("[LOST ")?;
    lost.strip_suffix(" EVENTS]")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Parsed, parse};

    fn message(line: &str) -> (String, u32, u32, u128, String) {
        match parse(line) {
            Parsed::Message(m) => (m.comm, m.pid, m.cpu, m.timestamp.as_micros(), m.message),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn lines() {
        assert_eq!(
            message("            bash-1234    [001] d..31    55.123456: bpf_trace_printk: a: b"),
            ("bash".into(), 1234, 1, 55_123_456, "a: b".into())
        );
        assert_eq!(
            message("  my-long name-7    (   7) [000] .....  1.000001: bpf_trace_printk: "),
            ("my-long name".into(), 7, 0, 1_000_001, String::new())
        );
        assert_eq!(
            message("           <...>-99      [010] 12.5: bpf_trace_printk: x"),
            ("<...>".into(), 99, 10, 12_000_005, "x".into())
        );
    }

    #[test]
    fn other_lines() {
        assert_eq!(parse("CPU:1 [LOST 42 EVENTS]"), Parsed::Lost(42));
        assert_eq!(parse("second line of a message"), Parsed::Continuation);
        assert_eq!(parse("x [1] : bpf_trace_printk: "), Parsed::Continuation);
        assert_eq!(parse(""), Parsed::Continuation);
    }
}
