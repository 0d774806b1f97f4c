//! The example, run for real.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::process::{Command, Stdio};
use std::time::Duration;

use osmia_testkit::gate::Gate;
use osmia_testkit::guard::veth::{NEAR, Veth};

/// Runs it while packets come from 192.0.2.2; what passed and what was dropped in each part of the time.
fn run(network: &str) -> Option<(String, Vec<[u64; 2]>)> {
    let veth = Veth::new()?;
    // The far end learns where the near one is, and whatever else takes time at first.
    veth.send_to_near(9, b"hello").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_firewall"));
    command.args([NEAR, network, "6"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = veth.near.enter(|| command.spawn()).unwrap();
    while child.try_wait().unwrap().is_none() {
        veth.send_to_near(9, b"hello").unwrap();
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let counts = text.lines().filter_map(|line| {
        let mut words = line.strip_prefix("   ")?.split(' ');
        Some([words.next()?.parse().ok()?, words.nth(2)?.parse().ok()?])
    });
    let counts = counts.collect();
    Some((text, counts))
}

#[test]
fn a_network_is_blocked_while_it_sends() {
    let Some(_gate) = Gate::root() else { return };
    let Some((text, counts)) = run("192.0.2.0/24") else { return };
    let [before, blocked, after] = counts.try_into().unwrap_or_else(|_| panic!("{text}"));
    assert!(before[0] > 1 && before[1] <= 1, "{text}");
    assert!(blocked[0] <= 1 && blocked[1] > 1, "{text}");
    assert!(after[0] > 1 && after[1] <= 1, "{text}");
}

#[test]
fn others_pass() {
    let Some(_gate) = Gate::root() else { return };
    let Some((text, counts)) = run("192.0.3.0/24") else { return };
    assert!(counts.iter().all(|[passed, dropped]| *passed > 1 && *dropped == 0), "{text}");
    assert!(text.contains("has lost 0 packets"), "{text}");
}
