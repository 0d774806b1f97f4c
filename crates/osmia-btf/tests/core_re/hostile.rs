//! Types made to hurt: an answer or an error, soon.

#[path = "../../../../fuzz/bodies/core.rs"]
mod body;

use std::time::{Duration, Instant};

use object::{Object as _, ObjectSection as _};
use osmia_btf::Btf;
use osmia_btf::core_re::{CoreError, CoreKind, Relocator, Target};
use osmia_testkit::fixture::{Endian, Fixture};
use osmia_testkit::mutate;

use crate::blob::{Blob, STRUCT, UNION, record};

/// Machines other than these are emulated, ten times slower.
const SOON: Duration = Duration::from_secs(if cfg!(target_arch = "x86_64") { 2 } else { 30 });

/// Asks everything of `wanted.x`, of `struct wanted` and of `fn_t` against a kernel, and what cannot be answered why.
fn ask(object: impl Fn(&mut Blob), kernel: &Btf) {
    let mut blob = Blob::new();
    let int = blob.int("int", 4, true);
    let access = ["0", "0:0", "0:1", "0:0:0", "7:0"].map(|text| blob.string(text));
    blob.composite(STRUCT, "wanted", 4, &[("x", int, 0)]);
    object(&mut blob);
    let local = blob.btf();
    let mut relocator = Relocator::new(&local, Target::new("vmlinux", kernel));
    for ty in 1..local.type_count().unwrap() {
        for kind in CoreKind::ALL {
            for at in access {
                let record = record(ty, at, kind);
                let started = Instant::now();
                // Whichever it is, it comes back.
                if relocator.resolve(&record).is_ok_and(|found| found.found.is_none()) {
                    let explained = relocator.explain(&record);
                    drop(explained.map(|failure| failure.map(|failure| format!("{failure:#}"))));
                }
                let took = started.elapsed();
                assert!(took < SOON, "{kind} of type {ty}: {took:?}");
            }
        }
    }
}

/// Each struct has the next twice without a name: there are 2^62 ways to look for a member.
#[test]
fn anonymous_members_without_end() {
    let mut kernel = Blob::new();
    let mut inner = kernel.int("int", 4, true);
    for _ in 0..62 {
        inner = kernel.composite(UNION, "", 4, &[("", inner, 0), ("", inner, 0)]);
    }
    kernel.composite(STRUCT, "wanted", 4, &[("", inner, 0), ("", inner, 0)]);
    ask(|_| {}, &kernel.btf());
}

#[test]
fn circles() {
    let mut kernel = Blob::new();
    // A struct that is a member of itself, a typedef of itself, an array of itself.
    kernel.composite(STRUCT, "wanted", 4, &[("", 1, 0), ("y", 1, 0)]);
    kernel.typedef("fn_t", 2);
    kernel.array(3, 2);
    kernel.ptr(4);
    kernel.proto(5, &[5, 5, 5]);
    let kernel = kernel.btf();
    ask(
        |blob| {
            let next = blob.typedef("fn_t", 0) + 1;
            blob.typedef("fn_t", next);
            blob.array(next + 1, 2);
            blob.ptr(next + 2);
            blob.proto(next + 3, &[next + 3, next + 3]);
            blob.typedef("fn_t", next + 3);
            blob.composite(STRUCT, "wanted", 4, &[("", next + 5, 0), ("x", next + 5, 0)]);
        },
        &kernel,
    );
}

/// Structs that hold the next one many times over, and prototypes that take the next one so.
fn towers(blob: &mut Blob) {
    let mut inner = blob.int("unsigned int", 4, false);
    for _ in 0..28 {
        let members = [("a", inner, 0), ("b", inner, 0), ("c", inner, 0), ("d", inner, 0)];
        inner = blob.composite(STRUCT, "wanted", 4, &members);
    }
    let mut taken = inner;
    for _ in 0..28 {
        let function = blob.proto(taken, &[taken, taken, taken, taken]);
        taken = blob.ptr(function);
    }
    blob.typedef("fn_t", taken);
}

#[test]
fn towers_of_types() {
    let mut kernel = Blob::new();
    towers(&mut kernel);
    ask(towers, &kernel.btf());
}

/// Thirty thousand members on either side, none of which the other has.
#[test]
fn wide_structs() {
    let wide = |blob: &mut Blob, letter: char| {
        let int = blob.int("int", 4, true);
        let names: Vec<String> = (0..30_000).map(|number| format!("{letter}{number}")).collect();
        let members: Vec<_> = names.iter().map(|name| (name.as_str(), int, 0)).collect();
        blob.composite(STRUCT, "wanted", 4, &members);
    };
    let mut kernel = Blob::new();
    wide(&mut kernel, 'k');
    ask(|blob| wide(blob, 'l'), &kernel.btf());
}

#[test]
fn numbers_at_their_ends() {
    let mut kernel = Blob::new();
    let int = kernel.int_of_bits("int", u32::MAX, 255, true);
    let many = kernel.array(int, u32::MAX);
    kernel.composite(STRUCT, "wanted", u32::MAX, &[("x", int, u32::MAX), ("y", many, 7)]);
    kernel.composite(STRUCT, "wanted", 0, &[("x", many, u32::MAX)]);
    let kernel = kernel.btf();
    ask(
        |blob| {
            let int = blob.int_of_bits("int", 0, 255, true);
            let none = blob.array(int, 0);
            let all = blob.string("2147483647:0:2147483647");
            let members = [("x", none, u32::MAX)];
            let ty = blob.composite(STRUCT, "wanted", u32::MAX, &members);
            assert_ne!((all, ty), (0, 0));
        },
        &kernel,
    );
}

/// A program's sections, damaged, against a kernel; and a program against a damaged kernel.
#[test]
fn mutated_pairs() {
    let bytes = Fixture::new("core_program").endian(Endian::Little).bytes();
    let types = Fixture::new("core_kernel").endian(Endian::Little).define("CHANGED").bytes();
    let (Some(bytes), Some(types)) = (bytes, types) else { return };
    let section = |bytes: &[u8], name: &str| {
        let file = object::File::parse(bytes).unwrap();
        file.section_by_name(name).unwrap().data().unwrap().to_vec()
    };
    let (btf, ext) = (section(&bytes, ".BTF"), section(&bytes, ".BTF.ext"));
    let kernel = section(&types, ".BTF");
    let mut whole = 0;
    let mut count = |outcome: Result<(), CoreError>| whole += u32::from(outcome.is_ok());
    mutate::each(&btf, 1, 400, |mutant| count(body::check(&mutant.bytes, &ext, &kernel)));
    mutate::each(&ext, 2, 150, |mutant| count(body::check(&btf, &mutant.bytes, &kernel)));
    mutate::each(&kernel, 3, 400, |mutant| count(body::check(&btf, &ext, &mutant.bytes)));
    // Most damage is not seen as such, and that is what must be survived.
    assert!(whole > 150, "only {whole} got that far");
}
