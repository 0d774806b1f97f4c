//! Machines: each a kernel, booted by QEMU, with the tests in it.

use std::{
    fs::{self, File},
    io::Write as _,
    num::NonZero,
    process::Command,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::Result;
use osmia_testkit::skip::Skip;
use osmia_vm::{End, Machine};

use crate::{
    command::{self, say},
    report::{Report, hearing::Hearing},
    vm::{arch::Arch, image::Image, kernel::Kernel},
};

/// What the marks of the machine's first process start with.
pub(crate) const MARK: &str = "osmia-init: ";

/// How long a machine may take; where nothing else runs it takes ten.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Boots kernels side by side, one on each of our processors, and reports what their tests say.
pub(crate) fn run_all(kernels: &[Kernel], image: &Image, report: &mut Report) {
    let side_by_side = thread::available_parallelism().map_or(1, NonZero::get);
    let (report, next) = (Mutex::new(report), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..side_by_side.min(kernels.len()) {
            scope.spawn(|| {
                while let Some(kernel) = kernels.get(next.fetch_add(1, Ordering::Relaxed)) {
                    run(kernel, image, &report);
                }
            });
        }
    });
}

fn run(kernel: &Kernel, image: &Image, report: &Mutex<&mut Report>) {
    let started = Instant::now();
    // Where there is one line only the tests share it with the kernel.
    let log = (kernel.arch != Arch::Amd64).then(|| File::create(kernel.console()));
    let log = log.and_then(Result::ok);
    let mut listener =
        Listener { title: kernel.title(), log, report, running: None, done: false, trouble: None };
    let outcome = image.write_for(kernel).and_then(|()| match kernel.arch {
        Arch::Amd64 => boot(kernel, LIMIT, |line| listener.hear(line)),
        _ => command::watch(&mut qemu(kernel)?, LIMIT, |line| listener.hear(line)),
    });
    let trouble = match outcome {
        Ok(End::Exited(status)) if status.success() => None,
        Ok(End::Exited(status)) => Some(format!("QEMU: {status}")),
        Ok(End::TimedOut) => Some(format!("not done after {} minutes", LIMIT.as_secs() / 60)),
        Err(error) => Some(format!("{error:#}")),
    };
    listener.tell(|report| report.add_machine(&kernel.title(), started.elapsed()));
    listener.end(trouble, kernel);
}

/// A small machine of another architecture, with one line for the console and for what the tests say.
fn qemu(kernel: &Kernel) -> Result<Command> {
    // The archive is in memory twice while it is unpacked.
    let megabytes = 512 + 3 * fs::metadata(kernel.initrd())?.len() / (1 << 20);
    let line = kernel.arch.line();
    let console = line.trim_start_matches("/dev/");
    let words = format!("console={console} quiet panic=-1 cryptomgr.notests OSMIA_LINE={line}");
    let mut qemu = Command::new(kernel.arch.system_emulator());
    qemu.args(["-M", kernel.arch.machine(), "-cpu", kernel.arch.model(), "-smp", "2"])
        .args(["-m", &format!("{megabytes}M")])
        .args(["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"])
        .args(["-serial", "stdio"])
        .arg("-kernel")
        .arg(kernel.vmlinux())
        .arg("-initrd")
        .arg(kernel.initrd())
        .args(["-append", &words]);
    Ok(qemu)
}

/// Boots a kernel of our own architecture and hands on what is said on its second line.
pub(crate) fn boot(kernel: &Kernel, limit: Duration, line: impl FnMut(&str)) -> Result<End> {
    let machine = Machine {
        kernel: &kernel.vmlinux(),
        initrd: &kernel.initrd(),
        console: &kernel.console(),
        words: words(kernel),
        accelerated: false,
    };
    Ok(machine.boot(limit, line)?)
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
struct Listener<'a, 'r> {
    /// The kernel's, for people.
    title: String,
    log: Option<File>,
    report: &'a Mutex<&'r mut Report>,
    running: Option<Hearing>,
    done: bool,
    trouble: Option<String>,
}

impl Listener<'_, '_> {
    fn tell(&self, tell: impl FnOnce(&mut Report)) {
        tell(&mut self.report.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn hear(&mut self, line: &str) {
        if let Some(log) = &mut self.log {
            // It is for people to read if all goes wrong.
            let _ = writeln!(log, "{line}");
        }
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
                self.running = Some(Hearing::kept(&format!("{}: {rest}", self.title)));
            }
            "skip" => match rest.parse::<Skip>() {
                Ok(skip) => {
                    let binary = format!("{}: {}", self.title, skip.binary);
                    self.tell(|report| report.add_skip(Skip { binary, ..skip }));
                }
                Err(error) => self.trouble = Some(error),
            },
            "end" => self.end_run(rest),
            "cut" => self.cut_run(rest),
            "done" => self.done = true,
            "broken" => self.trouble = Some(rest.to_owned()),
            _ => say(mark),
        }
    }

    /// A test program is over.
    fn end_run(&mut self, status: &str) {
        let Some(hearing) = self.running.take() else { return };
        let run = hearing.ended(status == "exit status: 0", status);
        self.tell(|report| report.add(run));
    }

    /// A test program had to be ended.
    fn cut_run(&mut self, why: &str) {
        let Some(hearing) = self.running.take() else { return };
        let run = hearing.broken(why.to_owned());
        self.tell(|report| report.add(run));
    }

    /// The machine is off. Whatever was cut short is a failure, told with the end of the console's log.
    fn end(mut self, trouble: Option<String>, kernel: &Kernel) {
        let trouble = trouble.or(self.trouble.take());
        let trouble = trouble
            .or_else(|| (!self.done).then(|| "it stopped before its tests were done".to_owned()));
        let Some(trouble) = trouble else { return };
        let mut said = format!("   {}: {trouble}; its console's last words:", self.title);
        let log = fs::read(kernel.console()).unwrap_or_default();
        let log = String::from_utf8_lossy(&log).into_owned();
        let lines: Vec<&str> = log.lines().collect();
        for line in lines.iter().skip(lines.len().saturating_sub(30)) {
            said = format!("{said}\n   | {line}");
        }
        say(&said);
        let hearing = self.running.take();
        let run = hearing.unwrap_or_else(|| Hearing::new(&self.title)).broken(trouble);
        self.tell(|report| report.add(run));
    }
}
