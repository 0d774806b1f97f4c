//! One machine: a kernel, booted by QEMU, with the tests in it.

use std::{fs, time::Duration};

use osmia_testkit::skip::Skip;
use osmia_vm::{End, Machine};

use crate::{
    command::say,
    report::{Report, hearing::Hearing},
    vm::{image::Image, kernel::Kernel},
};

/// What the marks of the machine's first process start with.
const MARK: &str = "osmia-init: ";

/// How long a machine may take.
const LIMIT: Duration = Duration::from_secs(20 * 60);

/// Boots the kernel and reports what its tests say.
pub(crate) fn run(kernel: &Kernel, image: &Image, report: &mut Report) {
    let mut listener = Listener { kernel, report, running: None, done: false, trouble: None };
    let outcome = image.write_for(kernel).and_then(|()| {
        let machine = Machine {
            kernel: &kernel.vmlinux(),
            initrd: &kernel.initrd(),
            console: &kernel.console(),
            words: words(kernel),
            accelerated: false,
        };
        Ok(machine.boot(LIMIT, |line| listener.hear(line))?)
    });
    listener.end(match outcome {
        Ok(End::Exited(status)) if status.success() => None,
        Ok(End::Exited(status)) => Some(format!("QEMU: {status}")),
        Ok(End::TimedOut) => Some(format!("not done after {} minutes", LIMIT.as_secs() / 60)),
        Err(error) => Some(format!("{error:#}")),
    });
}

/// What a kernel is told that others need not be.
fn words(kernel: &Kernel) -> &'static str {
    // Debian's 5.10 has LSM programs built in but not in its list of active modules.
    match kernel.release.starts_with("5.10.") {
        true => "lsm=lockdown,yama,apparmor,bpf",
        false => "",
    }
}

/// Takes in what a machine says.
struct Listener<'a> {
    kernel: &'a Kernel,
    report: &'a mut Report,
    running: Option<Hearing>,
    done: bool,
    trouble: Option<String>,
}

impl Listener<'_> {
    fn hear(&mut self, line: &str) {
        if let Some(mark) = line.strip_prefix(MARK) {
            self.hear_mark(mark);
        } else if let Some(hearing) = &mut self.running {
            hearing.take(line);
        } else {
            say(line);
        }
    }

    fn hear_mark(&mut self, mark: &str) {
        let (word, rest) = mark.split_once(' ').unwrap_or((mark, ""));
        match word {
            "begin" => {
                self.running =
                    Some(Hearing::new(&format!("Linux {}: {rest}", self.kernel.release)));
            }
            "skip" => match rest.parse::<Skip>() {
                Ok(skip) => {
                    let binary = format!("Linux {}: {}", self.kernel.release, skip.binary);
                    self.report.add_skip(Skip { binary, ..skip });
                }
                Err(error) => self.trouble = Some(error),
            },
            "end" => self.end_run(rest),
            "done" => self.done = true,
            "broken" => self.trouble = Some(rest.to_owned()),
            _ => say(mark),
        }
    }

    /// A test program is over.
    fn end_run(&mut self, status: &str) {
        let Some(hearing) = self.running.take() else { return };
        self.report.add(hearing.ended(status == "exit status: 0", status));
    }

    /// The machine is off. Whatever was cut short is a failure, told with the end of the console's log.
    fn end(mut self, trouble: Option<String>) {
        let trouble = trouble.or(self.trouble.take());
        let trouble = trouble
            .or_else(|| (!self.done).then(|| "it stopped before its tests were done".to_owned()));
        let Some(trouble) = trouble else { return };
        say(&format!("   Linux {}: {trouble}; its console's last words:", self.kernel.release));
        let log = fs::read(self.kernel.console()).unwrap_or_default();
        let log = String::from_utf8_lossy(&log).into_owned();
        let lines: Vec<&str> = log.lines().collect();
        for line in lines.iter().skip(lines.len().saturating_sub(30)) {
            say(&format!("   | {line}"));
        }
        let hearing = self.running.take();
        let hearing =
            hearing.unwrap_or_else(|| Hearing::new(&format!("Linux {}", self.kernel.release)));
        self.report.add(hearing.broken(trouble));
    }
}
