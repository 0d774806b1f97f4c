//! House-keeping for the project: `cargo xtask`.

mod abi;
mod bench;
mod cargo;
mod command;
mod corpus;
mod demo;
mod dist;
mod fuzz;
mod report;
mod setup;
mod test;
mod vm;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// House-keeping for the project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Xtask {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Abi(abi::Abi),
    Setup(setup::Setup),
    Demo(demo::Demo),
    Dist(dist::Dist),
    Test(test::Test),
    Vm(vm::Vm),
    Fuzz(fuzz::Fuzz),
    Bench(bench::Bench),
    Corpus(corpus::Corpus),
}

fn main() -> ExitCode {
    let outcome = match Xtask::parse().verb {
        Verb::Abi(abi) => abi.run(),
        Verb::Setup(setup) => setup.run(),
        Verb::Demo(demo) => demo.run(),
        Verb::Dist(dist) => dist.run(),
        Verb::Test(test) => test.run(),
        Verb::Vm(vm) => vm.run(),
        Verb::Fuzz(fuzz) => fuzz.run(),
        Verb::Bench(bench) => bench.run(),
        Verb::Corpus(corpus) => corpus.run(),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
