//! What the verifier said of a program that it refused.

use std::fmt;

use osmia_sys::Errno;

/// How many lines of the verifier's own words stand in the headline.
const REASONS: usize = 3;

/// The verifier's refusal of a program.
///
/// The whole log is kept. `{}` shows its telling lines: the reason, the line of C, the
/// instruction. Both forms of log are understood: the plain one, and the report that kernels
/// since 7.3 write behind it.
#[derive(Clone, Debug)]
pub struct VerifierError {
    log: String,
    truncated: bool,
    errno: Errno,
    /// Whether an error above it says more than the log does.
    explained: bool,
}

impl VerifierError {
    pub(crate) fn new(log: String, truncated: bool, errno: Errno) -> Self {
        Self { log, truncated, errno, explained: false }
    }

    /// The same, where the reason is known better than the verifier knows it.
    pub(crate) fn explained(mut self) -> Self {
        self.explained = true;
        self
    }

    /// The whole log.
    pub fn log(&self) -> &str {
        &self.log
    }

    /// Whether the log is longer than the largest buffer that the kernel takes.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// The error number that came with the log.
    pub fn errno(&self) -> i32 {
        self.errno.raw_os_error()
    }

    /// Why, in the verifier's words.
    pub fn reason(&self) -> String {
        match self.report() {
            Some(report) => report.title.to_owned(),
            None => plain_reason(&self.log),
        }
    }

    /// The line of C at which the verifier stopped, with its file and number where the kernel tells
    /// them (since 6.10).
    pub fn source_line(&self) -> Option<&str> {
        let comments = self.before_report().lines().filter_map(|line| line.strip_prefix(';'));
        comments.map(str::trim).rfind(|line| !line.is_empty())
    }

    /// The instruction at which the verifier stopped.
    pub fn instruction(&self) -> Option<&str> {
        let line = self.before_report().lines().rfind(|line| is_instruction(line))?;
        // Registers that the instruction changed follow behind a semicolon.
        Some(line.split_once(" ;").map_or(line, |(insn, _)| insn).trim_end())
    }

    /// What the verifier proposes, on kernels whose verifier does.
    pub fn suggestion(&self) -> Option<String> {
        let suggestion = self.report()?.section("Suggestion:");
        (!suggestion.is_empty()).then_some(suggestion)
    }

    fn report(&self) -> Option<Report<'_>> {
        let at = self.log.find(Report::TITLE)?;
        let text = self.log.get(at + Report::TITLE.len()..)?;
        Some(Report { title: text.lines().next().unwrap_or_default().trim(), text })
    }

    fn before_report(&self) -> &str {
        self.log.split(Report::TITLE).next().unwrap_or_default()
    }
}

impl fmt::Display for VerifierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = if self.truncated { ", cut off" } else { "" };
        let lines = self.log.lines().count();
        if self.explained {
            return write!(f, "the verifier came to it (its log has {lines} lines{more})");
        }
        write!(f, "the verifier refused it: {}", self.reason())?;
        let explained = self.report().map(|report| report.section("Reason:"));
        if let Some(explained) = explained.filter(|text| !text.is_empty()) {
            write!(f, "\n  reason: {explained}")?;
        }
        if let Some(line) = self.source_line() {
            write!(f, "\n  C: {line}")?;
        }
        if let Some(insn) = self.instruction() {
            write!(f, "\n  instruction {insn}")?;
        }
        if let Some(suggestion) = self.suggestion() {
            write!(f, "\n  suggestion: {suggestion}")?;
        }
        write!(f, "\n  (the verifier's log has {lines} lines{more})")
    }
}

impl std::error::Error for VerifierError {}

/// The report that verifiers since 7.3 write.
struct Report<'a> {
    title: &'a str,
    text: &'a str,
}

impl Report<'_> {
    const TITLE: &'static str = "Verification failed:";

    /// The indented lines under a heading, joined.
    fn section(&self, heading: &str) -> String {
        let lines = self.text.lines().skip_while(|line| line.trim_end() != heading).skip(1);
        let lines = lines.take_while(|line| line.starts_with(' ')).map(str::trim);
        lines.collect::<Vec<_>>().join(" ")
    }
}

/// The verifier's last words before its statistics: what stands behind the last instruction.
fn plain_reason(log: &str) -> String {
    let lines: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
    let end = lines.iter().rposition(|line| !is_statistics(line)).map_or(0, |last| last + 1);
    let lines = lines.get(..end).unwrap_or_default();
    let start = lines.iter().rposition(|line| is_trace(line)).map_or(0, |last| last + 1);
    let words = lines.get(start..).unwrap_or_default();
    let words = if words.is_empty() { lines } else { words };
    let told = words.get(words.len().saturating_sub(REASONS)..).unwrap_or_default();
    match told {
        [] => "it wrote nothing into its log".to_owned(),
        told => told.iter().map(|line| line.trim()).collect::<Vec<_>>().join("; "),
    }
}

/// What the verifier counts up at the end.
fn is_statistics(line: &str) -> bool {
    ["processed ", "verification time ", "stack depth "].iter().any(|head| line.starts_with(head))
}

/// The verifier's path through the program, as opposed to what it says of it.
fn is_trace(line: &str) -> bool {
    let numbered = || {
        let (number, rest) = line.split_once(": ")?;
        let state = rest.starts_with('R') || rest.starts_with("frame") || rest.starts_with('(');
        (is_number(number) && state).then_some(())
    };
    line.starts_with(';')
        || is_instruction(line)
        || numbered().is_some()
        || (line.starts_with("from ") && line.contains(" to "))
}

/// `12: (61) r1 = *(u32 *)(r2 +0)`.
fn is_instruction(line: &str) -> bool {
    let Some((number, rest)) = line.split_once(": (") else { return false };
    let code = rest.get(..3).and_then(|code| code.strip_suffix(')')).unwrap_or_default();
    is_number(number) && code.len() == 2 && code.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use osmia_sys::Errno;

    use super::VerifierError;

    const PLAIN: &str = "\
func#0 @0
0: R1=ctx() R10=fp0
; int n = 0; @ counts.bpf.c:30
0: (b7) r1 = 0                        ; R1_w=0
; bpf_for_each_map_elem(&counts, one, &value, 0); @ counts.bpf.c:31
8: (85) call bpf_for_each_map_elem#164
R3 type=map_value expected=fp
processed 9 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 mark_read 0
";

    const REPORT: &str = "\
0: R1=ctx() R10=fp0
0: (95) exit
R0 !read_ok

Verification failed: Register Type Safety: Unreadable register

Reason:
  R0 has never been written on this path,
  so it cannot be read.

At:
  insn 0

Suggestion:
  Write R0 on every path.

processed 1 insns (limit 1000000) max_states_per_insn 0
";

    fn refusal(log: &str) -> VerifierError {
        VerifierError::new(log.to_owned(), false, Errno::ACCESS)
    }

    #[test]
    fn the_plain_log_tells_reason_line_and_instruction() {
        let error = refusal(PLAIN);
        assert_eq!(error.reason(), "R3 type=map_value expected=fp");
        let line = "bpf_for_each_map_elem(&counts, one, &value, 0); @ counts.bpf.c:31";
        assert_eq!(error.source_line(), Some(line));
        assert_eq!(error.instruction(), Some("8: (85) call bpf_for_each_map_elem#164"));
        assert_eq!(error.suggestion(), None);
        assert_eq!(error.log(), PLAIN);
        assert!(error.to_string().contains("has 8 lines)"));
    }

    #[test]
    fn several_last_words_are_kept_together() {
        let log = "1: (79) r1 = *(u64 *)(r0 +8)\ninvalid access to map value, value_size=8 off=8 \
                   size=8\nR0 min value is outside\nprocessed 2 insns\n";
        let reason = refusal(log).reason();
        let told =
            "invalid access to map value, value_size=8 off=8 size=8; R0 min value is outside";
        assert_eq!(reason, told);
    }

    #[test]
    fn registers_behind_an_instruction_are_left_out() {
        let error = refusal("0: (b7) r1 = 0                        ; R1_w=0\nno\n");
        assert_eq!(error.instruction(), Some("0: (b7) r1 = 0"));
    }

    #[test]
    fn the_report_is_read() {
        let error = refusal(REPORT);
        assert_eq!(error.reason(), "Register Type Safety: Unreadable register");
        assert_eq!(error.suggestion().as_deref(), Some("Write R0 on every path."));
        assert_eq!(error.instruction(), Some("0: (95) exit"));
        let text = error.to_string();
        assert!(text.contains("reason: R0 has never been written on this path, so it cannot"));
    }

    #[test]
    fn odd_logs_do_not_confuse() {
        assert_eq!(refusal("").reason(), "it wrote nothing into its log");
        assert_eq!(refusal("processed 1 insns").reason(), "it wrote nothing into its log");
        assert_eq!(refusal("unknown func\n").reason(), "unknown func");
        assert_eq!(refusal("0: (95) exit").reason(), "0: (95) exit");
        for log in ["1: (é", "1: (9é)", ": (", "Verification failed:", "; ", "1: (9"] {
            let _ = refusal(log).to_string();
        }
    }
}
