//! The example, run for real.

use std::process::Command;

use osmia_testkit::gate::Gate;
use osmia_testkit::guard::netns::NetNs;

#[test]
fn a_connection_is_controlled() {
    let Some(_gate) = Gate::root() else { return };
    // The loopback of a network namespace that nobody else has.
    let mut command = Command::new(env!("CARGO_BIN_EXE_cc"));
    let output = NetNs::new().enter(|| command.arg("4").output()).unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> = text.lines().collect();
    let has = |line: &str| line.split_whitespace().any(|word| word == "osmia_reno");
    assert!(has(lines[0]) && lines[1] == "a connection has osmia_reno", "{text}");
    assert!(lines[2].starts_with("4000000 bytes were sent in "), "{text}");
    let numbers: Vec<u64> =
        lines[3].split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [connections, grown, most, _halved] = numbers[..] else { panic!("{text}") };
    // One begins with ten packets, and on a loopback without losses it grows beyond that.
    assert!(connections == 1 && grown > 0 && most > 10, "{text}");
    assert!(lines[4].starts_with("now it has ") && !has(lines[4]), "{text}");
}
