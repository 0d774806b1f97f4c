//! The example, run for real, on a machine of the matrix alone: it takes over the whole machine.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use osmia::Kernel;
use osmia_testkit::fixture;
use osmia_testkit::gate::Gate;
use osmia_testkit::skip;

#[test]
fn tasks_are_scheduled() {
    let Some(_gate) = Gate::root() else { return };
    let option = "CONFIG_SCHED_CLASS_EXT";
    let kernel = Kernel::running().unwrap();
    if kernel.config().ok().and_then(|config| config.option(option)) != Some("y") {
        return skip::whole(format_args!("schedulers in BPF: this kernel has no {option}"));
    }
    // Only these machines are ours alone.
    if std::env::var_os(fixture::PACKED).is_none() {
        return skip::whole("a scheduler for the whole machine is tried in the kernel matrix only");
    }
    let over = AtomicBool::new(false);
    let output = thread::scope(|scope| {
        // As many are busy as there are CPUs, and one more.
        for _ in 0..3 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_minisched"));
        let output =
            command.args(["3", "4"]).stdout(Stdio::piped()).stderr(Stdio::piped()).output();
        over.store(true, Ordering::Relaxed);
        output.unwrap()
    });
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.starts_with("enabled: osmia_minisched"), "{text}");
    assert!(text.ends_with("disabled\n"), "{text}");
    let ours: Vec<&str> = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .find(|words| words.first() == Some(&&*std::process::id().to_string()))
        .unwrap_or_else(|| panic!("{text}"));
    let [_, _, turns, time] = ours[..] else { panic!("{text}") };
    assert!(turns.parse::<u64>().unwrap() > 100, "{text}");
    let seconds: f64 = time.strip_suffix('s').and_then(|time| time.parse().ok()).unwrap_or(0.0);
    assert!(seconds > 2.0, "two CPUs for three seconds: {text}");
    let state = fs::read_to_string("/sys/kernel/sched_ext/state").unwrap();
    assert_eq!(state.trim(), "disabled");
}
