//! The example, run for real.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{fs, thread};

use osmia_testkit::gate::Gate;

/// Writes a file and tries to remove it; whether that was refused.
fn is_refused(path: &Path) -> bool {
    fs::write(path, "something").unwrap();
    match fs::remove_file(path) {
        Ok(()) => false,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{}", path.display());
            true
        }
    }
}

#[test]
fn files_below_the_directory_stay() {
    let Some(gate) = Gate::root() else { return };
    if !gate.may_guard_hooks() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let guarded = folder.path().join("guarded");
    fs::create_dir_all(guarded.join("deep/deeper")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_guard"));
    command.arg(&guarded).arg("3").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut refused = [0; 2];
    while child.try_wait().unwrap().is_none() {
        for (count, name) in refused.iter_mut().zip(["near", "deep/deeper/far"]) {
            *count += u32::from(is_refused(&guarded.join(name)));
        }
        assert!(!is_refused(&folder.path().join("outside")));
        thread::sleep(Duration::from_millis(100));
    }
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    for (count, name) in refused.into_iter().zip(["near", "far"]) {
        assert!(count > 0, "{name}: {text}");
        // Linux names threads after the first fifteen bytes of what Rust calls them.
        let own = format!("process {} (files_below_the) may not remove {name}", std::process::id());
        assert!(text.lines().any(|line| line == own), "{text}");
    }
    assert!(text.ends_with("0 attempts were not told of\n"), "{text}");
    assert!(!is_refused(&guarded.join("near")), "it is over");
}
