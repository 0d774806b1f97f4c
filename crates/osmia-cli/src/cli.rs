//! The command line, defined once: parsing and help come from here.

use clap::{Args, Parser, Subcommand};

use crate::batch::Batch;
use crate::btf::BtfVerb;
use crate::build::Build;
use crate::cgroup::Cgroups;
use crate::check::Check;
use crate::completions::Completions;
use crate::doctor::Doctor;
use crate::feature::FeatureVerb;
use crate::generate::Generate;
use crate::iter::IterVerb;
use crate::link::Links;
use crate::manual::Man;
use crate::map::Maps;
use crate::net::Net;
use crate::new::New;
use crate::obj::Obj;
use crate::on::On;
use crate::output::{Form, Numbers};
use crate::perf::Perf;
use crate::probe::ProbeVerb;
use crate::prog::Progs;
use crate::run::RunOptions;
use crate::struct_ops::StructOps;
use crate::token::TokenVerb;
use crate::trace::Trace;
use crate::var::VarVerb;
use crate::version::Version;

/// eBPF, whole: build, load, attach, look at and debug BPF programs.
#[derive(Parser)]
#[command(
    name = "osmia",
    version,
    max_term_width = 100,
    infer_subcommands = true,
    arg_required_else_help = true,
    subcommand_required = true,
    disable_help_subcommand = true,
    after_help = "Examples:
  osmia run closes.bpf.c --set const_u32=12   load, attach, print until Ctrl-C
  osmia gen rust closes.bpf.c -o src/bpf      the Rust module of a C file
  osmia obj dump closes.bpf.o -S              instructions with their C
  osmia check closes.bpf.o --btf vmlinux-6.1  would it load there; if not, why
  osmia map dump name counts                  a map's elements, by their types
  osmia on eth0                               the programs that packets meet
  osmia doctor                                what this machine can, and cannot
  osmia btf show task_struct                  a struct's layout in the kernel
  osmia btf dump > vmlinux.h                  its types as C

Verbs may be shortened as long as they are clear: `osmia p l`.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 not permitted, \
5 unsupported."
)]
pub struct Cli {
    #[command(flatten)]
    form: FormOptions,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

// Who reads what is printed.
#[derive(Args)]
struct FormOptions {
    /// Print JSON, one object a line where there are several
    #[arg(long, short = 'j', global = true, display_order = 900)]
    json: bool,
    /// Print JSON with line breaks and indents
    #[arg(long, short = 'p', global = true, display_order = 901)]
    pretty: bool,
    /// Write JSON's numbers beyond 2^53-1, which JavaScript cannot hold, as `numbers` or `strings`
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "HOW",
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true,
        display_order = 903
    )]
    json_numbers: Numbers,
    /// Show the paths where objects are pinned
    #[arg(long, short = 'f', global = true, display_order = 902)]
    bpffs: bool,
}

/// The nouns and verbs of the command.
///
/// All enums of verbs are made with `defer`: the options of the chosen verb are defined, not those of all 100.
/// Comments on structs of options are no documentation, for clap would show it instead of the verb's.
#[derive(Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Compile if it is C, load, attach, and print what the programs say
    Run(RunOptions),
    /// Begin a project: a crate with BPF programs that builds, runs and tests at once
    New(New),
    /// Compile a BPF C file to an object
    Build(Build),
    /// Make files: a Rust module of a C file, vmlinux.h of a kernel
    #[command(subcommand)]
    Gen(Generate),
    /// Tell on which kernels an object would load, and why not on the others
    Check(Check),
    /// Look into object files: programs, maps, variables, instructions
    #[command(subcommand)]
    Obj(Obj),
    /// Programs in the kernel: list, show, dump, load, attach, run
    #[command(aliases = ["p", "pr", "pro"])]
    Prog(Progs),
    /// Maps: list, dump, look up, update, create
    #[command(aliases = ["m", "ma"])]
    Map(Maps),
    /// Global variables of loaded programs, by name: list, get, set
    #[command(subcommand)]
    Var(VarVerb),
    /// Links, which are attachments with an owner: list, show, pin, detach
    Link(Links),
    /// Types: list, dump, show, compare, find, cut out
    #[command(subcommand)]
    Btf(BtfVerb),
    /// Tell what is here, in the order in which it runs: on an interface, cgroup, function or process
    On(On),
    /// Programs on network interfaces: list, attach, detach
    #[command(aliases = ["n", "ne"])]
    Net(Net),
    /// Programs on cgroups: show, tree, attach, detach
    Cgroup(Cgroups),
    /// Programs on perf events and raw tracepoints of all processes: list
    Perf(Perf),
    /// Find places that programs can be attached to
    #[command(subcommand)]
    Probe(ProbeVerb),
    /// Print what programs print with bpf_printk
    #[command(aliases = ["t"])]
    Trace(Trace),
    /// Programs that walk what the kernel has: pin them, so that reading a file runs them
    #[command(subcommand)]
    Iter(IterVerb),
    /// Tables of callbacks for the kernel: list, dump, register, unregister
    #[command(name = "struct_ops", alias = "struct-ops")]
    StructOps(StructOps),
    /// Rights that bpf file systems lend: list
    #[command(subcommand)]
    Token(TokenVerb),
    /// Features of the kernel, by bpftool's names: probe, list_builtins
    #[command(subcommand)]
    Feature(FeatureVerb),
    /// What this machine can do, what is missing for what, and how to get it
    Doctor(Doctor),
    /// Do many commands from a file, one a line
    #[command(aliases = ["b", "ba"])]
    Batch(Batch),
    /// Tell the version
    #[command(aliases = ["v", "ve"])]
    Version(Version),
    /// Print what completes commands in a shell
    Completions(Completions),
    /// Print the manual page, or write all pages into a directory
    Man(Man),
}

impl Cli {
    /// How to print.
    pub fn form(&self) -> Form {
        match self.form {
            FormOptions { pretty: true, .. } => Form::PrettyJson,
            FormOptions { json: true, .. } => Form::Json,
            FormOptions { .. } => Form::Text,
        }
    }

    /// How large numbers are written in JSON.
    pub fn numbers(&self) -> Numbers {
        self.form.json_numbers
    }

    /// Whether objects are shown with the paths where they are pinned.
    pub fn pins(&self) -> bool {
        self.form.bpffs
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Cli;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn verbs_keep_their_descriptions_when_they_are_built() {
        let mut whole = Cli::command();
        whole.build();
        let mut verbs: Vec<_> = whole.get_subcommands().collect();
        let mut seen = 0;
        while let Some(verb) = verbs.pop() {
            let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
            let strange = ["`osmia", "The arguments of", "The verbs of"];
            let strange = strange.iter().any(|start| about.starts_with(start));
            assert!(!about.is_empty() && !strange, "{}: {about}", verb.get_name());
            verbs.extend(verb.get_subcommands());
            seen += 1;
        }
        assert!(seen > 80, "{seen}");
    }
}
