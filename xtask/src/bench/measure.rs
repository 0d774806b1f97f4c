//! What is measured.

use serde_json::Value;

use crate::bench::Inputs;

/// One thing that every peer does.
pub struct Measure {
    /// What the table calls it.
    pub name: &'static str,
    /// The figure's unit.
    pub unit: &'static str,
    /// Whether a larger figure is the better one.
    pub more_is_better: bool,
    /// The peer's arguments.
    pub args: fn(&Inputs) -> Vec<String>,
    /// The figure in what the peer reports.
    pub figure: fn(&Value) -> Option<f64>,
}

/// A key of a report.
fn key(report: &Value, key: &str) -> Option<f64> {
    report.get(key)?.as_f64()
}

/// The sum of two keys of a report.
fn sum(report: &Value, first: &str, second: &str) -> Option<f64> {
    Some(key(report, first)? + key(report, second)?)
}

fn load(inputs: &Inputs, object: &str) -> Vec<String> {
    vec!["load".into(), inputs.path(object)]
}

fn ring(inputs: &Inputs, mode: &str, count: &str) -> Vec<String> {
    vec!["rb".into(), inputs.path("rb.bpf.o"), mode.into(), count.into()]
}

fn perf(inputs: &Inputs, mode: &str, count: &str) -> Vec<String> {
    vec!["pb".into(), inputs.path("pb.bpf.o"), mode.into(), count.into()]
}

fn hash(inputs: &Inputs) -> Vec<String> {
    vec!["map".into(), inputs.path("maps.bpf.o"), "1000000".into()]
}

fn opened_and_loaded(report: &Value) -> Option<f64> {
    sum(report, "first_open_us", "first_load_us")
}

const fn lower(
    name: &'static str,
    unit: &'static str,
    args: fn(&Inputs) -> Vec<String>,
    figure: fn(&Value) -> Option<f64>,
) -> Measure {
    Measure { name, unit, more_is_better: false, args, figure }
}

/// All measures, in the order of the table.
pub const MEASURES: &[Measure] = &[
    lower(
        "open an object of 20 programs",
        "us",
        |i| load(i, "big.bpf.o"),
        |r| key(r, "first_open_us"),
    ),
    lower(
        "kernel BTF: open, first struct",
        "us",
        |_| vec!["btf".into()],
        |r| sum(r, "parse_us", "find_us"),
    ),
    lower(
        "kernel BTF: every name indexed",
        "us",
        |_| vec!["btf".into()],
        |r| key(r, "index_us").or_else(|| sum(r, "parse_us", "find_us")),
    ),
    lower(
        "kernel BTF: a later look-up by name",
        "ns",
        |i| vec!["btf".into(), i.path("names.txt")],
        |r| key(r, "lookup_ns"),
    ),
    lower("load: small", "us", |i| load(i, "small.bpf.o"), opened_and_loaded),
    lower(
        "load: small, with one CO-RE read",
        "us",
        |i| load(i, "small_core.bpf.o"),
        opened_and_loaded,
    ),
    lower(
        "load: 20 programs, 361 CO-RE relocations",
        "us",
        |i| load(i, "big.bpf.o"),
        opened_and_loaded,
    ),
    lower("load: 20 programs, peak memory", "KiB", |i| load(i, "big.bpf.o"), |r| key(r, "hwm_kb")),
    lower(
        "ring buffer: drain a full ring, per event",
        "ns",
        |i| ring(i, "drain", "5000000"),
        |r| key(r, "ns_ev"),
    ),
    Measure {
        // What a reader of a flood can get at most.
        name: "ring buffer: the producer alone, events made",
        unit: "M/s",
        more_is_better: true,
        args: |i| ring(i, "drain", "5000000"),
        figure: |r| Some(1e3 / key(r, "produce_ns")?),
    },
    Measure {
        name: "ring buffer: flood, events through",
        unit: "M/s",
        more_is_better: true,
        args: |i| ring(i, "flood", "5000000"),
        figure: |r| key(r, "mev_s"),
    },
    lower(
        "ring buffer: flood, CPU per event",
        "ns",
        |i| ring(i, "flood", "5000000"),
        |r| key(r, "cpu_ns_ev"),
    ),
    Measure {
        name: "perf buffer: flood, events through",
        unit: "M/s",
        more_is_better: true,
        args: |i| perf(i, "flood", "2000000"),
        figure: |r| key(r, "mev_s"),
    },
    lower(
        "perf buffer: flood, CPU per event",
        "ns",
        |i| perf(i, "flood", "2000000"),
        |r| key(r, "cpu_ns_ev"),
    ),
    lower("hash of 1,000,000: iterate, per element", "ns", hash, |r| key(r, "iter_ns")),
    lower("hash of 1,000,000: look up one", "ns", hash, |r| key(r, "lookup_ns")),
    lower("hash of 1,000,000: update one", "ns", hash, |r| key(r, "update_ns")),
];
