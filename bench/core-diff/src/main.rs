//! Compares CO-RE relocation results with libbpf's, instruction by instruction.
//!
//! ```text
//! core-diff [--mutate ROUNDS] [--minimal] --kernel BTF [--module BTF]... OBJECT...
//! ```
//!
//! Each relocation of each object is resolved and applied by `osmia-btf` and by the
//! functions inside of libbpf that do the same, on the same bytes. Both see the
//! relocations in the same order, because libbpf drops candidates as it goes. A BTF may
//! be a file of its own or a section of an ELF file. With
//! `--mutate`, the kernel's types that the objects use are changed at random (members
//! renamed, moved, retyped; sizes, signs, lengths, enumerators changed) and all is
//! compared again. With `--minimal`, libbpf relocates for the minimal BTF that Osmia
//! makes, too, and must come to the same as for the whole.

mod libbpf;
mod mutation;
mod ours;
mod outcome;
mod program;

use std::process::ExitCode;

use bytes::Bytes;
use osmia_btf::Btf;
use osmia_btf::core_re::{CoreKind, Minimal, Relocator, Target};

use crate::mutation::Mutation;
use crate::outcome::{Outcome, Tally};
use crate::program::{Object, Site};

#[derive(Default)]
struct Arguments {
    kernel: String,
    modules: Vec<String>,
    objects: Vec<String>,
    rounds: u64,
    minimal: bool,
}

fn arguments() -> Option<Arguments> {
    let mut arguments = Arguments::default();
    let mut given = std::env::args().skip(1);
    while let Some(word) = given.next() {
        match word.as_str() {
            "--kernel" => arguments.kernel = given.next()?,
            "--module" => arguments.modules.push(given.next()?),
            "--minimal" => arguments.minimal = true,
            "--mutate" => arguments.rounds = given.next()?.parse().ok()?,
            _ => arguments.objects.push(word),
        }
    }
    (!arguments.kernel.is_empty() && !arguments.objects.is_empty()).then_some(arguments)
}

fn main() -> ExitCode {
    let Some(arguments) = arguments() else {
        eprintln!(
            "usage: core-diff [--mutate ROUNDS] [--minimal] --kernel BTF [--module BTF]... OBJECT..."
        );
        return ExitCode::from(2);
    };
    libbpf::silence();
    let read = |path: &String| std::fs::read(path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let read_btf = |path: &String| program::btf_of(read(path));
    let kernel = read_btf(&arguments.kernel);
    let modules: Vec<(String, Vec<u8>)> =
        arguments.modules.iter().map(|path| (path.clone(), read_btf(path))).collect();
    let mut tally = Tally::default();
    for path in &arguments.objects {
        let object = match Object::read(path, &read(path)) {
            Ok(object) => object,
            Err(problem) => {
                println!("{path}: passed over: {problem}");
                tally.passed_over += 1;
                continue;
            }
        };
        tally.objects += 1;
        compare(&object, &kernel, &modules, &mut tally);
        if arguments.minimal {
            compare_minimal(&object, &kernel, &mut tally);
        }
        for round in 0..arguments.rounds {
            let mutant = Mutation::new(round).of(&kernel, &object.btf);
            compare(&object, &mutant, &[], &mut tally);
        }
    }
    println!("{tally}");
    if tally.different == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn compare(object: &Object, kernel: &[u8], modules: &[(String, Vec<u8>)], tally: &mut Tally) {
    let parsed = Btf::parse(Bytes::copy_from_slice(kernel), None).expect("the kernel's BTF");
    let mut theirs = libbpf::Loader::new(&object.btf_bytes, kernel, modules);
    let mut ours = ours::Loader::new(&object.btf, &parsed, modules);
    for relocation in &object.relocations {
        let one = theirs.relocate(relocation);
        let two = ours.relocate(relocation);
        tally.count(&object.path, relocation, &one, &two);
        // libbpf gives up here; its candidates are in no defined state.
        if one == Outcome::Refused || two == Outcome::Refused {
            theirs.forget();
            ours.forget();
        }
    }
}

fn compare_minimal(object: &Object, kernel: &[u8], tally: &mut Tally) {
    let parsed = Btf::parse(Bytes::copy_from_slice(kernel), None).expect("the kernel's BTF");
    let target = Target::new("vmlinux", &parsed);
    let mut relocator = Relocator::new(&object.btf, target.clone());
    let sites = || object.relocations.iter();
    let good: Vec<&Site> = sites().filter(|site| relocator.resolve(&site.record).is_ok()).collect();
    let mut minimal = Minimal::new(target, Vec::new());
    minimal.add(&object.btf, good.iter().map(|site| site.record)).expect("a minimal BTF");
    let minimal = minimal.build().expect("a minimal BTF");
    tally.minimal_bytes += minimal.as_bytes().len() as u64;
    let mut whole = libbpf::Loader::new(&object.btf_bytes, kernel, &[]);
    let mut part = libbpf::Loader::new(&object.btf_bytes, minimal.as_bytes(), &[]);
    for site in good {
        // Types have other numbers there.
        let (one, two) = (whole.relocate(site), part.relocate(site));
        if site.record.kind != CoreKind::TypeIdTarget.raw() {
            tally.count(&object.path, site, &one, &two);
        }
    }
}
