//! The `osmia` command.
//!
//! One file per noun. A verb computes a report, which is a value; [`Output`](output::Output)
//! prints it for people or for programs.

mod address;
mod attached;
mod batch;
mod bpftool;
mod btf;
mod build;
mod cgroup;
mod cgroup_path;
mod check;
mod cli;
mod compile;
mod completions;
mod doctor;
mod failure;
mod feature;
mod generate;
mod holders;
mod interface;
mod iter;
mod kernel_options;
mod labels;
mod link;
mod manual;
mod map;
mod map_flags;
mod moment;
mod near;
mod net;
mod netns_choice;
mod new;
mod numbers;
mod obj;
mod object_file;
mod on;
mod output;
mod perf;
mod pins;
mod probe;
mod prog;
mod put;
mod report;
mod run;
mod select;
mod selector;
mod struct_ops;
mod symbols;
mod table;
mod token;
mod trace;
mod type_name;
mod value;
mod var;
mod version;
mod words;
mod wrap;
mod written;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser};

use crate::check::boot::guest;
use crate::cli::{Cli, Command};
use crate::failure::Failure;
use crate::output::{Form, Output};

fn main() -> ExitCode {
    if guest::is_wanted() {
        return guest::run();
    }
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let asked = Form::of_arguments(arguments.get(1..).unwrap_or_default());
    let arguments = match bpftool::translate(arguments, Cli::command) {
        Ok(arguments) => arguments,
        Err(failure) => return failure.tell(asked),
    };
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, asked),
    };
    let form = cli.form();
    let mut output = Output::new(form).with_pins(cli.pins()).with_numbers(cli.numbers());
    match run(&cli.command, &mut output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.tell(form),
    }
}

/// Does a command.
///
/// # Errors
/// As its own.
fn run(command: &Command, output: &mut Output) -> Result<(), Failure> {
    match command {
        Command::Check(check) => check.run(output),
        Command::New(new) => new.run(output),
        Command::Gen(generate) => generate.run(output),
        Command::Run(options) => options.run(output),
        Command::Build(build) => build.run(output),
        Command::Btf(btf) => btf.run(output),
        Command::Obj(obj) => obj.run(output),
        Command::Map(map) => map.run(output),
        Command::Net(net) => net.run(output),
        Command::Cgroup(cgroup) => cgroup.run(output),
        Command::Feature(feature) => feature.run(output),
        Command::Doctor(doctor) => doctor.run(output),
        Command::Trace(trace) => trace.run(output),
        Command::Var(var) => var.run(output),
        Command::On(on) => on.run(output),
        Command::Token(token) => token.run(output),
        Command::Completions(completions) => completions.run(),
        Command::Man(man) => man.run(output),
        Command::Probe(probe) => probe.run(output),
        Command::Prog(prog) => prog.run(output),
        Command::Perf(perf) => perf.run(output),
        Command::Iter(iter) => iter.run(output),
        Command::StructOps(tables) => tables.run(output),
        Command::Batch(batch) => batch.run(output),
        Command::Version(version) => version.run(output),
        Command::Link(link) => link.run(output),
    }
}

/// What clap has to say of the arguments: help, the version, or what is wrong with them.
fn usage(error: &clap::Error, form: Form) -> ExitCode {
    if error.use_stderr() && form != Form::Text {
        let text = error.to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
        Failure::usage(text).tell(form);
    } else {
        // Nobody is left to be told if this fails.
        let _ = error.print();
    }
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
}
