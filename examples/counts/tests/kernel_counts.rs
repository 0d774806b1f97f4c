//! The example, run for real.

use std::process::Command;

use osmia_testkit::gate::Gate;

#[test]
fn both_ways_of_counting_agree() {
    let Some(gate) = Gate::root() else { return };
    let output = Command::new(env!("CARGO_BIN_EXE_counts")).arg("1").output().unwrap();
    if !gate.needs("bpf_for_each_map_elem", "5.13", output.status.success()) {
        return;
    }
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.lines().any(|line| line.starts_with("process ")), "{text}");
    let counted: Vec<u64> = text
        .lines()
        .filter(|line| line.contains("counted by"))
        .map(|line| line.split(' ').next().unwrap().parse().unwrap())
        .collect();
    let [by_batches, by_callback] = counted[..] else { panic!("{text}") };
    assert!(by_batches > 0, "{text}");
    assert_eq!(by_batches, by_callback, "{text}");
}
