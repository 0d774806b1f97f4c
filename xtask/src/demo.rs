//! `cargo xtask demo`: Osmia at work, on this machine.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    process::{Command, ExitCode},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use osmia_testkit::{
    gate,
    guard::veth::{NEAR, Veth},
};

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
    /// Why it cannot be seen on this kernel, if it cannot.
    lacks: fn() -> Option<String>,
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
        lacks: || None,
        play: |program| {
            let start_one = || drop(Command::new("/bin/true").status());
            meanwhile(start_one, || run(program, &[]))
        },
    },
    Act {
        package: "closes",
        shows: "a constant of the C program, set from Rust before it is loaded",
        lacks: || None,
        play: |program| run(program, &[]),
    },
    Act {
        package: "counts",
        shows: "a map, filled by the kernel, counted from both sides",
        lacks: || None,
        play: |program| run(program, &[]),
    },
    Act {
        package: "hello_xdp",
        shows: "a program on a network interface made for the purpose, and its counter",
        lacks: || None,
        play: |program| send_to_near(program, &[NEAR]),
    },
    Act {
        package: "connects",
        shows: "each TCP connection, by programs at the start and the end of a kernel function (fentry, fexit)",
        lacks: gate::host_policy,
        play: |program| meanwhile(connect, || run(program, &[])),
    },
    Act {
        package: "opens",
        shows: "each file that is opened, by a kprobe and a kretprobe that meet in a map",
        lacks: || gate::not_built_in("kprobes", "register_kprobe"),
        play: |program| meanwhile(|| drop(fs::read("/etc/hostname")), || run(program, &[])),
    },
    Act {
        package: "firewall",
        shows: "a list of networks that nothing is let in from, changed while packets come",
        lacks: || None,
        play: |program| send_to_near(program, &[NEAR, "192.0.2.0/24"]),
    },
    Act {
        package: "shape",
        shows: "what an interface sends, held below a rate",
        lacks: || None,
        play: send_from_near,
    },
    Act {
        package: "latency",
        shows: "how long a function of the C library takes in all processes",
        lacks: || gate::not_built_in("uprobes", "uprobe_register"),
        play: |program| meanwhile(|| (), || run(program, &["libc.so.6:clock_nanosleep"])),
    },
    Act {
        package: "profile",
        shows: "where the CPUs' time goes, as stacks for a flame graph",
        lacks: || None,
        play: |program| {
            meanwhile(|| drop(fs::read("/proc/kallsyms")), || run(program, &["--top", "5"]))
        },
    },
    Act {
        package: "guard",
        shows: "a security hook that lets nobody remove what is below a directory",
        lacks: gate::no_security_hooks,
        play: on_a_directory,
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
        for Act { package, shows, lacks, play } in ACTS {
            let program = programs.iter().find(|program| program.name == *package);
            let program = program.with_context(|| format!("{package} has no program"))?;
            say(&format!("\n== {package}: {shows}\n   (examples/{package})\n"));
            match lacks() {
                Some(reason) => say(&format!("   not to be seen here: {reason}")),
                None => play(program)?,
            }
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
fn send_to_near(program: &Program, arguments: &[&str]) -> Result<()> {
    let Some(veth) = Veth::new() else {
        say("   this kernel has no veth interfaces to show it on");
        return Ok(());
    };
    let send = || drop(veth.send_to_near(9, b"hello"));
    meanwhile(send, || veth.near.enter(|| run(program, arguments)))
}

/// Runs an example on the end of a wire that sends, more than it lets pass.
fn send_from_near(program: &Program) -> Result<()> {
    let Some(veth) = Veth::new() else {
        say("   this kernel has no veth interfaces to show it on");
        return Ok(());
    };
    // Sending fails where the packet is dropped on its way out.
    let send = || (0..20).for_each(|_| drop(veth.send_to_far(9, b"hello")));
    meanwhile(send, || veth.near.enter(|| run(program, &[NEAR, "10"])))
}

/// Connects to a listener of our own.
fn connect() {
    let outcome = TcpListener::bind("127.0.0.1:0").and_then(|listener| {
        let _stream = TcpStream::connect(listener.local_addr()?)?;
        listener.accept()
    });
    drop(outcome);
}

/// Runs an example for a directory of our own, in which a file is to be removed.
fn on_a_directory(program: &Program) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("precious");
    fs::write(&file, "")?;
    let remove = || drop(fs::remove_file(&file));
    meanwhile(remove, || run(program, &[&directory.path().to_string_lossy()]))
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
