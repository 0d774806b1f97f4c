//! `osmia prog profile` on the running kernel.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod beside;
mod command;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use osmia::{Kernel, Object, Program, TestRun};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use serde_json::{Value, json};

use crate::beside::{osmia, osmia_json};

fn load(fixture: &str) -> Option<Object> {
    let spec = osmia::open(fixture, Fixture::new(fixture).bytes()?).unwrap();
    Some(Object::load(&spec, &Kernel::running().unwrap()).unwrap())
}

/// Does it while the program runs all the time.
fn while_running<T>(program: &Program, what: impl FnOnce() -> T) -> T {
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let run = TestRun::data(&[0; 64]).repeat(1000);
            while !ended.load(Ordering::Relaxed) {
                program.test_run(&run).unwrap();
            }
        });
        let done = what();
        ended.store(true, Ordering::Relaxed);
        done
    })
}

fn profile(program: &Program, more: &[&str]) -> Value {
    let id = program.info().unwrap().id.to_string();
    let words = ["prog", "profile", "id", &id, "duration", "500ms"];
    let told = while_running(program, || osmia_json(&[&words, more].concat()));
    assert_eq!(told.as_array().unwrap().len(), 1, "{told}");
    told[0].clone()
}

#[test]
fn runs_and_their_time_are_counted() {
    let Some(gate) = Gate::root() else { return };
    if !gate.needs("statistics of programs", "5.8", statistics()) {
        return;
    }
    let Some(object) = load("runs") else { return };
    let program = object.program("of_xdp").unwrap();
    let told = profile(program, &["cpu_clock"]);
    assert_eq!(told["metric"], "cpu_clock");
    let (runs, nanos) = (told["run_cnt"].as_u64().unwrap(), told["value"].as_u64().unwrap());
    // Half a second has room for so many runs of a program that only returns, and no more time.
    assert!(runs > 100 && nanos > runs && nanos < 2_000_000_000, "{told}");
    // Where tracing programs may be loaded, they count.
    assert!(["counted", "statistics"].contains(&told["how"].as_str().unwrap()), "{told}");
}

#[test]
fn samples_tell_where_the_processor_was() {
    let Some(gate) = Gate::root() else { return };
    if !gate.needs("statistics of programs", "5.8", statistics()) {
        return;
    }
    let Some(object) = load("busy") else { return };
    let program = object.program("of_xdp").unwrap();
    let told = profile(program, &["--sample", "cpu_clock"]);
    assert_eq!(told["how"], "sampled");
    assert!(told["run_cnt"].as_u64().unwrap() > 100, "{told}");
    // The program's own code is a part of the time that was watched.
    let nanos = told["value"].as_u64().unwrap();
    assert!(nanos > 0 && nanos < 1_000_000_000, "{told}");
}

#[test]
fn what_cannot_be_counted_is_told() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load("runs") else { return };
    let id = object.program("of_xdp").unwrap().info().unwrap().id.to_string();
    let said = osmia(&["prog", "profile", "id", &id, "duration", "0.1", "cycle"]);
    assert!(said.failed_as(2).contains("did you mean cycles?"));
    let said = osmia(&["prog", "profile", "id", &id, "duration", "soon"]);
    assert!(said.failed_as(2).contains("duration"));
    let said = osmia(&["prog", "profile", "id", "4294967295", "duration", "0.1"]);
    assert!(said.failed_as(3).contains("osmia prog list"));
    let said = osmia(&["-j", "prog", "profile", "id", &id, "duration", "0.1", "cycles"]);
    match said.code {
        Some(0) => {
            let told: Value = serde_json::from_str(&said.out).unwrap();
            assert_eq!(told[0]["metric"], json!("cycles"));
        }
        code => {
            assert_eq!(code, Some(5), "{}", said.err);
            let error: Value = serde_json::from_str(&said.err).unwrap();
            assert!(error["error"].as_str().unwrap().contains("cpu_clock counts everywhere"));
        }
    }
}

fn statistics() -> bool {
    osmia_sys::Bpf::kernel().enable_stats(osmia_abi::StatsType::RUN_TIME).is_ok()
}
