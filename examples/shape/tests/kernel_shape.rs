//! The example, run for real.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use osmia_testkit::gate::Gate;
use osmia_testkit::guard::veth::{NEAR, Veth};

#[test]
fn no_more_is_sent_than_the_rate_allows() {
    const RATE: u64 = 50;
    let Some(_gate) = Gate::root() else { return };
    let Some(veth) = Veth::new() else { return };
    let mut command = Command::new(env!("CARGO_BIN_EXE_shape"));
    command.args([NEAR, &RATE.to_string(), "2"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let began = Instant::now();
    let mut child = veth.near.enter(|| command.spawn()).unwrap();
    let mut sent = 0;
    while child.try_wait().unwrap().is_none() {
        // Sending fails where the packet is dropped on its way out.
        drop(veth.send_to_far(9, b"hello"));
        sent += 1;
        std::thread::sleep(Duration::from_millis(1));
    }
    let took = began.elapsed();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    // Before 6.6 it is a filter.
    let places = ["attached to tc egress", "attached to tc filter on egress"];
    assert!(places.iter().any(|place| text.starts_with(place)), "{text}");
    let last = text.lines().last().unwrap();
    let numbers: Vec<u64> = last.split(' ').filter_map(|word| word.parse().ok()).collect();
    let [passed, dropped] = numbers.try_into().unwrap_or_else(|_| panic!("{text}"));
    let most = RATE * (took.as_millis() as u64 + 1000) / 1000 + 6;
    assert!(passed > 1 && passed <= most, "{passed} of {most} in {took:?}: {text}");
    assert!(dropped > 0, "{sent} were sent: {text}");
}
