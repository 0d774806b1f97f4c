//! The example, run for real.

use std::process::{Command, Stdio};
use std::time::Duration;

use osmia_testkit::gate::Gate;
use osmia_testkit::guard::veth::{NEAR, Veth};

#[test]
fn packets_are_counted() {
    let Some(_gate) = Gate::root() else { return };
    let Some(veth) = Veth::new() else { return };
    let mut command = Command::new(env!("CARGO_BIN_EXE_hello_xdp"));
    command.args([NEAR, "2"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = veth.near.enter(|| command.spawn()).unwrap();
    while child.try_wait().unwrap().is_none() {
        veth.send_to_near(9, b"hello").unwrap();
        std::thread::sleep(Duration::from_millis(50));
    }
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.starts_with(&format!("attached to XDP on interface {NEAR}\n")), "{text}");
    let last = text.lines().last().and_then(|line| line.split(' ').next());
    let packets: u64 = last.and_then(|count| count.parse().ok()).unwrap();
    assert!(packets > 0, "{text}");
}

#[test]
fn an_interface_that_is_not_there_is_named() {
    let Some(_gate) = Gate::root() else { return };
    let output = Command::new(env!("CARGO_BIN_EXE_hello_xdp")).arg("nosuch0").output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(complaint.contains("there is no interface `nosuch0`"), "{complaint}");
}
