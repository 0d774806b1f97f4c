//! `cargo xtask bench`: Osmia beside its peers, in turn, in one run.

mod measure;
mod peer;
mod table;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};
use clap::Args;
use osmia_btf::{Btf, Kind};
use osmia_testkit::tree;
use serde_json::Value;

use crate::bench::measure::{MEASURES, Measure};
use crate::bench::peer::{PEERS, Peer};
use crate::bench::table::Row;
use crate::{command, setup};

/// Measure Osmia beside its peers.
#[derive(Args)]
pub(crate) struct Bench {
    /// How often each peer does each thing; one more, the first, is thrown away.
    #[arg(long, default_value_t = 11)]
    rounds: usize,
    /// Write the table into BENCHMARKS.md too.
    #[arg(long)]
    save: bool,
    /// Only the measures whose name contains this.
    filter: Option<String>,
}

impl Bench {
    /// Builds the peers and their objects, runs them in turn, and prints a table of ratios.
    pub(crate) fn run(&self) -> Result<ExitCode> {
        setup::for_programs()?;
        let bench = tree::root().join("bench");
        command::run(Command::new("cargo").args(["build", "--release"]).current_dir(&bench))
            .context("the peers do not build (libbpf-rs needs libelf-dev and zlib1g-dev)")?;
        let inputs = Inputs::prepare(&bench)?;
        let wanted = |measure: &&Measure| {
            self.filter.as_ref().is_none_or(|filter| measure.name.contains(filter.as_str()))
        };
        let mut runs = Runs::default();
        let mut rows = Vec::new();
        for measure in MEASURES.iter().filter(wanted) {
            eprintln!("{} ...", measure.name);
            let reports = runs.of((measure.args)(&inputs), &bench, self.rounds)?;
            rows.push(Row::of(measure, figures(measure, reports)));
        }
        let text = table::render(&rows, self.rounds);
        println!("{text}");
        if self.save {
            table::save(&tree::root().join("BENCHMARKS.md"), &text)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The files that the peers are given.
pub struct Inputs {
    folder: PathBuf,
}

impl Inputs {
    fn prepare(bench: &Path) -> Result<Self> {
        let folder = bench.join("target/bpf");
        std::fs::create_dir_all(&folder)?;
        let sources = bench.join("bpf");
        let objects = [
            ("small", "small", None),
            ("small_core", "small", Some("-DCORE")),
            ("big", "big", None),
            ("rb", "rb", None),
            ("pb", "pb", None),
            ("maps", "maps", None),
        ];
        for (object, source, define) in objects {
            let source = sources.join(format!("{source}.bpf.c"));
            let output = folder.join(format!("{object}.bpf.o"));
            command::run(
                Command::new("clang")
                    .args(["-O2", "-g", "-target", "bpf", "-mcpu=v3", "-D__TARGET_ARCH_x86", "-c"])
                    .args(define)
                    .arg("-I")
                    .arg(tree::headers())
                    .args(["-I", "/usr/include/x86_64-linux-gnu"])
                    .arg(&source)
                    .arg("-o")
                    .arg(&output),
            )?;
        }
        std::fs::write(folder.join("names.txt"), struct_names()?)?;
        Ok(Self { folder })
    }

    /// An input's path as an argument.
    pub fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

/// A thousand names of structs, spread over the kernel's BTF.
fn struct_names() -> Result<String> {
    let btf = Btf::parse(std::fs::read("/sys/kernel/btf/vmlinux")?.into(), None)?;
    let mut names = Vec::new();
    for ty in btf.types()? {
        let ty = ty?;
        if ty.kind() == Kind::Struct && !ty.name().is_empty() {
            names.push(ty.name());
        }
    }
    let step = (names.len() / 1000).max(1);
    Ok(names.into_iter().step_by(step).take(1000).collect::<Vec<_>>().join("\n"))
}

/// What each peer reported, round by round.
type Reports = Vec<(&'static Peer, Vec<Value>)>;

/// The runs so far. Measures whose peers get the same arguments are taken from the same runs.
#[derive(Default)]
struct Runs(HashMap<Vec<String>, Reports>);

impl Runs {
    /// The reports for these arguments.
    fn of(&mut self, args: Vec<String>, bench: &Path, rounds: usize) -> Result<&Reports> {
        Ok(match self.0.entry(args) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let reports = run_all(bench, new.key(), rounds)?;
                new.insert(reports)
            }
        })
    }
}

/// Runs all peers in turn: A B C A B C ..., so that a drift of the machine's speed meets all alike.
fn run_all(bench: &Path, args: &[String], rounds: usize) -> Result<Reports> {
    let mut reports: Reports = PEERS.iter().map(|peer| (peer, Vec::new())).collect();
    for round in 0..=rounds {
        for (peer, reports) in &mut reports {
            let report = peer.run(bench, args)?;
            reports.extend(report.filter(|_| round > 0));
        }
    }
    Ok(reports)
}

fn figures(measure: &Measure, reports: &Reports) -> Vec<(&'static Peer, Vec<f64>)> {
    let of = |reports: &[Value]| reports.iter().filter_map(measure.figure).collect();
    reports.iter().map(|(peer, reports)| (*peer, of(reports))).collect()
}
