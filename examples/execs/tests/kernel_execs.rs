//! The example, run for real.

use std::fs::{self, File};
use std::process::Command;
use std::thread;
use std::time::Duration;

use osmia_testkit::gate::Gate;

#[test]
fn programs_are_told_of_from_beginning_to_end() {
    let Some(_gate) = Gate::root() else { return };
    // A pipe might fill up: the machine's other programs are told of as well.
    let folder = tempfile::tempdir().unwrap();
    let (path, complaint) = (folder.path().join("told"), folder.path().join("complaint"));
    let file = |path| File::create(path).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_execs"));
    let mut child = command.arg("2").stdout(file(&path)).stderr(file(&complaint)).spawn().unwrap();
    let (mut pids, long) = (Vec::new(), "long".repeat(100));
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        let mut command = Command::new("/bin/true");
        let mut somebody = command.args(["two words", "", &long]).spawn().unwrap();
        pids.push(somebody.id());
        assert!(somebody.wait().unwrap().success());
        thread::sleep(Duration::from_millis(50));
    };
    let text = fs::read_to_string(path).unwrap();
    assert!(status.success(), "{text}\n{}", fs::read_to_string(complaint).unwrap());
    let of = |pid: &u32| {
        let start = format!("{pid:>7} <- {:>7}  true             ", std::process::id());
        text.lines().filter_map(|line| line.strip_prefix(&start)).collect::<Vec<_>>()
    };
    let args = format!("/bin/true \"two words\" \"\" {long}");
    let whole = pids.iter().filter(|pid| match of(pid)[..] {
        [begins, ends] => begins == args && ends.starts_with("exit status: 0, after "),
        _ => false,
    });
    // The first one may have begun before the example looked, and the last one ended after it.
    assert!(whole.count() > 1, "{pids:?}: {text}");
    assert!(text.ends_with("0 events were lost\n"), "{text}");
}
