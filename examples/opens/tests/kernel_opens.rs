//! The example, run for real.

use std::fs::{self, File};
use std::os::fd::AsRawFd as _;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use osmia_testkit::gate::Gate;

#[test]
fn files_are_told_of_with_what_came_of_them() {
    let Some(gate) = Gate::root() else { return };
    if !gate.built_with("kprobes", "register_kprobe") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (there, absent) = (folder.path().join("there"), folder.path().join("absent"));
    fs::write(&there, "something").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_opens"));
    let mut child = command.arg("2").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut descriptor = -1;
    while child.try_wait().unwrap().is_none() {
        descriptor = File::open(&there).unwrap().as_raw_fd();
        assert!(File::open(&absent).is_err());
        thread::sleep(Duration::from_millis(50));
    }
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let own = std::process::id().to_string();
    for (path, result) in [(&there, descriptor), (&absent, -2)] {
        let found = text.lines().any(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            // Linux names threads after the first fifteen bytes of what Rust calls them.
            words == [&*own, "files_are_told_", &*result.to_string(), path.to_str().unwrap()]
        });
        assert!(found, "{}: {text}", path.display());
    }
    assert!(text.ends_with("0 files were not told of\n"), "{text}");
}
