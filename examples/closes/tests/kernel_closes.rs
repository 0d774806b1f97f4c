//! The example, run for real.

use std::process::Command;

use osmia_testkit::gate::Gate;

#[test]
fn the_constant_that_rust_set_is_printed() {
    let Some(_gate) = Gate::root() else { return };
    let output = Command::new(env!("CARGO_BIN_EXE_closes")).arg("1").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("a test run returns 12\n"), "{text}");
    assert!(text.contains(": close: the constant is 12\n"), "{text}");
    let printed = text.lines().last().and_then(|line| line.split(' ').next());
    let printed: u64 = printed.and_then(|count| count.parse().ok()).unwrap();
    let lines = text.matches("the constant is 12").count() as u64;
    assert!(printed >= lines && lines > 0, "{text}");
}
