//! The example, run for real.

use std::fs::{self, File};
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use osmia_testkit::gate::Gate;

#[test]
fn who_is_busy_is_found() {
    let Some(_gate) = Gate::root() else { return };
    let over = AtomicBool::new(false);
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("flames.svg");
    let output = std::thread::scope(|scope| {
        let busy = std::thread::Builder::new().name("busy_reader".to_owned());
        let busy = busy.spawn_scoped(scope, || {
            let (mut zeroes, mut bytes) = (File::open("/dev/zero").unwrap(), vec![0; 1 << 16]);
            while !over.load(Ordering::Relaxed) {
                zeroes.read_exact(&mut bytes).unwrap();
            }
        });
        let mut command = Command::new(env!("CARGO_BIN_EXE_profile"));
        command.arg("--svg").arg(&picture);
        let output = command.arg("2").stdout(Stdio::piped()).stderr(Stdio::piped()).output();
        over.store(true, Ordering::Relaxed);
        busy.unwrap().join().unwrap();
        output.unwrap()
    });
    let text = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{complaint}");
    assert!(complaint.ends_with("0 samples were lost\n"), "{complaint}");
    let ours: Vec<(&str, u64)> = text
        .lines()
        .filter_map(|line| line.strip_prefix("busy_reader;")?.rsplit_once(' '))
        .map(|(frames, count)| (frames, count.parse().unwrap()))
        .collect();
    let samples: u64 = ours.iter().map(|(_, count)| count).sum();
    assert!((10..=220).contains(&samples), "{samples} samples in two seconds: {text}");
    // What it does is seen from its own code down into the kernel's.
    let whole = |frames: &str| {
        let frames: Vec<&str> = frames.split(';').collect();
        let outer = frames.iter().position(|frame| frame.ends_with("_[k]")).unwrap_or(0);
        let reads = outer > 0 && frames[outer - 1].contains("read");
        reads && frames.contains(&"vfs_read_[k]")
    };
    assert!(ours.iter().any(|(frames, _)| whole(frames)), "{text}");
    let picture = fs::read_to_string(picture).unwrap();
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"), "{picture}");
    let bar = format!("<title>busy_reader: {samples} samples</title>");
    assert!(picture.contains(&bar), "{bar}: {picture}");
}
