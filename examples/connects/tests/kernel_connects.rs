//! The example, run for real.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use osmia_testkit::gate::Gate;

/// Connects to itself, by both versions of the protocol, for as long as the example runs; where to, and what it printed.
fn told() -> (Vec<String>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_connects"));
    command.arg("2").stdout(Stdio::piped()).stderr(Stdio::piped());
    let listeners = ["127.0.0.1:0", "[::1]:0"].map(|place| TcpListener::bind(place).unwrap());
    let addresses = listeners.each_ref().map(|listener| listener.local_addr().unwrap());
    let mut child = command.spawn().unwrap();
    while child.try_wait().unwrap().is_none() {
        for (listener, address) in listeners.iter().zip(addresses) {
            let _stream = TcpStream::connect(address).unwrap();
            listener.accept().unwrap();
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    (addresses.map(|address| address.to_string()).to_vec(), text)
}

#[test]
fn connections_are_told_of_with_their_results() {
    let Some(gate) = Gate::root() else { return };
    if !gate.may_patch_functions("fentry and fexit") {
        return;
    }
    let (addresses, text) = told();
    for address in addresses {
        let line = text.lines().find(|line| line.contains(&address));
        let line = line.unwrap_or_else(|| panic!("nothing of {address}:\n{text}"));
        let words: Vec<&str> = line.split_whitespace().collect();
        // Linux names threads after the first fifteen bytes of what Rust calls them.
        let &[pid, "connections_are", to, result, nanoseconds] = &words[..] else {
            panic!("{line}")
        };
        assert_eq!((pid, to, result), (&*std::process::id().to_string(), &*address, "0"), "{text}");
        assert!(nanoseconds.parse::<u64>().unwrap() > 0, "{text}");
    }
    assert!(text.ends_with("0 connections were not told of\n"), "{text}");
}
