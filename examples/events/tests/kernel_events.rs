//! The example, run for real.

use std::process::{Command, Stdio};
use std::time::Duration;

use osmia_testkit::gate::Gate;

#[test]
fn new_programs_are_told_of() {
    let Some(_gate) = Gate::root() else { return };
    let mut command = Command::new(env!("CARGO_BIN_EXE_events"));
    command.arg("2").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    while child.try_wait().unwrap().is_none() {
        assert!(Command::new("/bin/true").status().unwrap().success());
        std::thread::sleep(Duration::from_millis(50));
    }
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let of_us = format!(" <- {:>7}  true ", std::process::id());
    assert!(
        text.lines().any(|line| line.contains(&of_us) && line.ends_with("/bin/true")),
        "{text}"
    );
    assert!(text.ends_with("0 events were lost\n"), "{text}");
}
