//! The crates that `osmia new` makes: built, tested and run.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

mod command;

use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use osmia_testkit::clang::Clang;
use osmia_testkit::gate::{Gate, host_policy};
use osmia_testkit::guard::cgroup::Cgroup;
use osmia_testkit::guard::veth::{NEAR, Veth};
use osmia_testkit::{skip, tree};

use crate::command::{Said, command};

/// What a template's programs need of a kernel beside root.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    PatchedFunctions,
    Kprobes,
}

const TEMPLATES: &[(&str, Needs)] = &[
    ("tracepoint", Needs::Nothing),
    ("fentry", Needs::PatchedFunctions),
    ("kprobe", Needs::Kprobes),
    ("uprobe", Needs::Nothing),
    ("xdp", Needs::Nothing),
    ("tc", Needs::Nothing),
    ("lsm", Needs::PatchedFunctions),
    ("cgroup", Needs::Nothing),
    ("perf", Needs::Nothing),
    ("iter", Needs::Nothing),
    ("struct_ops", Needs::Nothing),
];

/// Built as this workspace is, so that cargo has most of what they need.
fn profile() -> String {
    let mut text = "[profile.dev]\ndebug = \"line-tables-only\"\n\
         [profile.dev.package.\"*\"]\nopt-level = 1\n"
        .to_owned();
    for name in ["", "-abi", "-btf", "-build", "-insn", "-object", "-sys"] {
        writeln!(text, "[profile.dev.package.osmia{name}]\nopt-level = 0").unwrap();
    }
    text
}

/// The workspace of the crates, always in the same place: cargo builds again what has moved.
fn workspace() -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new");
    if root.exists() {
        fs::remove_dir_all(&root).unwrap();
    }
    for (template, _) in TEMPLATES {
        let folder = root.join(format!("my-{template}"));
        let arguments = ["new", folder.to_str().unwrap(), "-t", template, "--osmia-path"];
        let mut new = command(&arguments);
        Said::of(new.arg(tree::root()).output().unwrap()).done();
        let again = Said::of(command(&arguments[..2]).output().unwrap()).failed();
        assert!(again.contains("is there already"), "{again}");
    }
    let manifest = format!("[workspace]\nresolver = \"3\"\nmembers = [\"my-*\"]\n{}", profile());
    fs::write(root.join("Cargo.toml"), manifest).unwrap();
    fs::copy(tree::root().join("Cargo.lock"), root.join("Cargo.lock")).unwrap();
    root
}

fn cargo(workspace: &Path, arguments: &[&str]) -> Output {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(workspace).env("CARGO_TARGET_DIR", tree::target());
    cargo.env_remove("RUSTC_WORKSPACE_WRAPPER").args(arguments).output().unwrap()
}

fn text(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    format!("{out}\n{err}")
}

/// What the tests say of this template, by the line in which cargo names its binary.
fn part<'t>(said: &'t str, template: &str) -> &'t str {
    let start = said.find(&format!("/my_{template}-")).unwrap_or_else(|| panic!("{said}"));
    let rest = &said[start..];
    &rest[..rest.find(" Running ").unwrap_or(rest.len())]
}

/// The program of this template.
fn program(template: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(tree::target().join(format!("debug/my-{template}")));
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs it to its end, with something happening meanwhile.
fn run(mut command: Command, mut happen: impl FnMut()) -> String {
    let mut child = command.spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    // Read meanwhile: it says more than a pipe holds.
    let reader = std::thread::spawn(move || {
        let mut said = String::new();
        stdout.read_to_string(&mut said).map(|_| said)
    });
    while child.try_wait().unwrap().is_none() {
        happen();
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    reader.join().unwrap().unwrap()
}

#[test]
fn all_templates_build_test_and_run() {
    let Some(_gate) = Gate::root() else { return };
    if Clang::DEFAULT.path().is_none() || !Path::new(env!("CARGO")).exists() {
        return skip::tool("clang or cargo is not installed");
    }
    let root = workspace();
    let built = cargo(&root, &["build", "--offline", "--quiet"]);
    assert_eq!((built.status.code(), text(&built).trim()), (Some(0), ""), "warnings or errors");
    // All in one stream, so that what is said stands with whose it is.
    let tested = cargo(&root, &["test", "--offline", "--no-fail-fast", "--", "--nocapture"]);
    let said = String::from_utf8_lossy(&tested.stderr);
    assert!(tested.status.success(), "{}", text(&tested));
    let symbols = fs::read_to_string("/proc/kallsyms").unwrap();
    let has_kprobes = symbols.lines().any(|line| line.ends_with(" register_kprobe"));
    for (template, needs) in TEMPLATES {
        let skipped = part(&said, template).lines().find(|line| line.starts_with("skipped: "));
        let may_skip = match needs {
            Needs::Nothing => false,
            Needs::PatchedFunctions => host_policy().is_some(),
            Needs::Kprobes => !has_kprobes,
        };
        assert_eq!(skipped.is_some(), may_skip, "{template}: {skipped:?}");
        if let Some(line) = skipped {
            skip::part(format_args!("{template}: {line}"));
        }
    }
    the_programs_run();
}

fn the_programs_run() {
    let open = || drop(fs::File::open("/no/such/file"));
    let opens = run(program("tracepoint", &["1"]), open);
    assert!(opens.contains("/no/such/file") && opens.ends_with("0 events were lost\n"), "{opens}");
    let calls = run(program("uprobe", &["libc.so.6", "readlink", "1"]), || {
        let _ = fs::read_link("/no/such/link");
    });
    // The name of this thread.
    assert!(calls.contains("all_templates_b"), "{calls}");
    let work = || {
        let sum: u64 = (0..100_000_u64).map(std::hint::black_box).sum();
        assert!(sum > 0);
    };
    assert!(run(program("perf", &["1"]), work).lines().count() > 0);
    let processes = run(program("iter", &[]), || ());
    assert!(processes.contains(&format!("{:>7} ", std::process::id())), "{processes}");

    let packets = run(program("struct_ops", &["1"]), || ());
    assert!(packets.ends_with("packets were acknowledged\n"), "{packets}");

    let cgroup = Cgroup::new();
    let folder = cgroup.path().to_str().unwrap();
    let sent = run(program("cgroup", &[folder, "1"]), || ());
    assert_eq!(sent, "0 bytes sent, 0 packets dropped\n");

    let Some(veth) = Veth::new() else { return };
    let spawn = |template, arguments: &[&str]| {
        let command = program(template, arguments);
        let mut told = String::new();
        // Spawned in the namespace, watched from here.
        veth.near.enter(|| told = run(command, || ()));
        told
    };
    let dropped = spawn("xdp", &[NEAR, "1", "9"]);
    assert!(dropped.ends_with("packets were dropped\n"), "{dropped}");
    let traffic = spawn("tc", &[NEAR, "1"]);
    assert!(traffic.starts_with("in: "), "{traffic}");
}
