//! `cargo xtask demo`: Osmia at work, on this machine.

use std::{
    process::{Command, ExitCode},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use osmia_testkit::guard::veth::{NEAR, Veth};

use crate::{
    cargo::{self, Program, cargo},
    command::{self, End, say},
    setup,
};

/// Show Osmia at work: C programs compiled, loaded into this kernel, and heard.
#[derive(Args)]
pub(crate) struct Demo {}

/// One example on the stage.
struct Act {
    /// The example's package.
    package: &'static str,
    /// What is to be seen.
    shows: &'static str,
    /// How it is run, and what happens meanwhile.
    play: fn(&Program) -> Result<()>,
}

/// How long an act takes.
const SECONDS: u64 = 3;
/// How long it may take.
const LIMIT: Duration = Duration::from_secs(20);

const ACTS: &[Act] = &[
    Act {
        package: "events",
        shows: "typed events from the kernel: every program that this machine starts",
        play: |program| {
            let start_one = || drop(Command::new("/bin/true").status());
            meanwhile(start_one, || run(program, &[]))
        },
    },
    Act {
        package: "closes",
        shows: "a constant of the C program, set from Rust before it is loaded",
        play: |program| run(program, &[]),
    },
    Act {
        package: "counts",
        shows: "a map, filled by the kernel, counted from both sides",
        play: |program| run(program, &[]),
    },
    Act {
        package: "hello_xdp",
        shows: "a program on a network interface made for the purpose, and its counter",
        play: on_an_interface,
    },
];

impl Demo {
    #[expect(clippy::unused_self, reason = "a verb like the others")]
    pub(crate) fn run(&self) -> Result<ExitCode> {
        setup::for_programs()?;
        ensure!(
            rustix::process::geteuid().is_root(),
            "loading BPF programs needs root: run `sudo -E cargo xtask demo`"
        );
        say("building the examples ...");
        let mut build = cargo();
        build.arg("build").args(ACTS.iter().flat_map(|act| ["--package", act.package]));
        let programs = cargo::build(&mut build)?;
        for Act { package, shows, play } in ACTS {
            let program = programs.iter().find(|program| program.name == *package);
            let program = program.with_context(|| format!("{package} has no program"))?;
            say(&format!("\n== {package}: {shows}\n   (examples/{package})\n"));
            play(program)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Runs an example to its end and shows what it prints.
fn run(program: &Program, arguments: &[&str]) -> Result<()> {
    let mut command = Command::new(&program.path);
    command.args(arguments).arg(SECONDS.to_string()).current_dir(&program.folder);
    match command::watch(&mut command, LIMIT, |line| say(&format!("   {line}")))? {
        End::Exited(status) => ensure!(status.success(), "{}: {status}", program.name),
        End::TimedOut => anyhow::bail!("{} did not end", program.name),
    }
    Ok(())
}

/// Runs an example on one end of a wire whose other end sends.
fn on_an_interface(program: &Program) -> Result<()> {
    let Some(veth) = Veth::new() else {
        say("   this kernel has no veth interfaces to show it on");
        return Ok(());
    };
    let send = || drop(veth.send_to_near(9, b"hello"));
    meanwhile(send, || veth.near.enter(|| run(program, &[NEAR])))
}

/// Does something four times a second for as long as something else takes.
fn meanwhile<T>(often: impl Fn() + Sync, once: impl FnOnce() -> T) -> T {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                often();
                thread::sleep(Duration::from_millis(250));
            }
        });
        let outcome = once();
        over.store(true, Ordering::Relaxed);
        outcome
    })
}
