//! `cargo xtask demo`: Osmia at work, on this machine.

use std::{
    process::{Command, ExitCode},
    time::Duration,
};

use anyhow::{Result, bail, ensure};
use clap::Args;
use osmia_testkit::tree;

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
}

/// How long an act may take.
const LENGTH: Duration = Duration::from_secs(5);

const ACTS: &[Act] = &[
    Act {
        package: "events",
        shows: "typed events from the kernel: every program that this machine starts",
    },
    Act {
        package: "closes",
        shows: "a constant of the C program, set from Rust before it is loaded",
    },
    Act { package: "counts", shows: "a map, filled by the kernel, counted from both sides" },
    Act { package: "hello_xdp", shows: "a program on a network interface, and its counter" },
];

impl Demo {
    #[expect(clippy::unused_self, reason = "a verb like the others")]
    pub(crate) fn run(&self) -> Result<ExitCode> {
        setup::for_programs()?;
        let acts: Vec<&Act> = ACTS.iter().filter(|act| act.is_there()).collect();
        ensure!(!acts.is_empty(), "there are no examples in this tree to show");
        let mut build = cargo();
        build.arg("build").args(acts.iter().flat_map(|act| ["--package", act.package]));
        let programs = cargo::build(&mut build)?;
        for act in acts {
            let program = programs.iter().find(|program| program.name == act.package);
            let Some(program) = program else { bail!("{} has no program", act.package) };
            act.play(program)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Act {
    fn is_there(&self) -> bool {
        tree::root().join("examples").join(self.package).join("Cargo.toml").is_file()
    }

    /// Runs the example until it ends or its time is over.
    fn play(&self, program: &Program) -> Result<()> {
        say(&format!("\n== {}: {}\n   examples/{}", self.package, self.shows, self.package));
        let mut command = Command::new(&program.path);
        match command::watch(command.current_dir(&program.folder), LENGTH, say)? {
            End::Exited(status) => ensure!(status.success(), "{}: {status}", self.package),
            End::TimedOut => say("   ... and so on"),
        }
        Ok(())
    }
}
