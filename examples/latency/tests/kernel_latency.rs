//! The example, run for real.

use std::process::{Command, Stdio};
use std::time::Duration;

use osmia_testkit::gate::Gate;
use osmia_testkit::skip;

#[test]
fn sleeps_take_as_long_as_they_should() {
    let Some(gate) = Gate::root() else { return };
    if !gate.built_with("uprobes", "uprobe_register") {
        return;
    }
    // This program is linked like the one that is looked at.
    if !std::fs::read_to_string("/proc/self/maps").unwrap().contains("/libc.so.6") {
        return skip::tool("libc.so.6 is not used by this program");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_latency"));
    command.args(["libc.so.6:clock_nanosleep", "2"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    while child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(40));
    }
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains(" calls of libc.so.6:clock_nanosleep, 0 missed\n"), "{text}");
    // 40 milliseconds have 16 bits in microseconds.
    let bars = text.lines().map(|line| line.split_ascii_whitespace().collect::<Vec<_>>());
    let ours =
        bars.filter(|bar| bar.get(1) == Some(&"65.536ms")).find_map(|bar| bar.get(2)?.parse().ok());
    let count: u64 = ours.unwrap_or(0);
    assert!(count > 5, "{text}");
}

/// The system's, not a script that looks for another.
const PYTHON: &str = "/usr/bin/python3";
/// Imports a module time and again, which takes 50 milliseconds.
const IMPORTS: &str = "
import sys, time
class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == 'slow':
            time.sleep(0.05)
sys.meta_path.insert(0, Slow())
while True:
    try:
        import slow
    except ImportError:
        pass
";

#[test]
fn what_is_between_the_marks_of_a_program_is_measured() {
    let Some(gate) = Gate::root() else { return };
    if !gate.built_with("uprobes", "uprobe_register") {
        return;
    }
    let Ok(mut python) = Command::new(PYTHON).args(["-c", IMPORTS]).spawn() else {
        return skip::whole("there is no Python");
    };
    let place = format!("{PYTHON}:python:import__find__load__start:import__find__load__done");
    let output = Command::new(env!("CARGO_BIN_EXE_latency")).args([&place, "2"]).output().unwrap();
    python.kill().unwrap();
    python.wait().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    if complaint.contains("has no marks") || complaint.contains("has no mark `python:") {
        return skip::whole(format_args!("Python has no marks here: {complaint}"));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{complaint}");
    let (count, told) = text.lines().next().unwrap().split_once(' ').unwrap();
    assert_eq!(told, format!("calls of {place}, 0 missed"));
    // Each is in a bar; what is longer than 32 milliseconds is between the marks, and not between the last and the next.
    let (mut all, mut long) = (0, 0);
    for line in text.lines().skip(1) {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let [_, below, bar, ..] = words[..] else { panic!("{text}") };
        let bar: u64 = bar.parse().unwrap();
        all += bar;
        let seconds = below.ends_with('s') && !below.ends_with("ms") && !below.ends_with("µs");
        let milliseconds = below.strip_suffix("ms").and_then(|number| number.parse::<f64>().ok());
        if seconds || milliseconds.is_some_and(|number| number > 65.0) {
            long += bar;
        }
    }
    assert_eq!(all.to_string(), count, "{text}");
    assert!(long > 5, "{text}");
}

#[test]
fn a_function_that_is_not_there_is_named() {
    let Some(_gate) = Gate::root() else { return };
    let mut command = Command::new(env!("CARGO_BIN_EXE_latency"));
    let output = command.arg("libc.so.6:no_such_function").output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(complaint.contains("no_such_function"), "{complaint}");
}
