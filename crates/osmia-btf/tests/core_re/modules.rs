//! Types that only modules have.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use osmia_btf::core_re::{CoreKind, Relocator, Target};
use osmia_btf::{Btf, CoreRecord};

use crate::blob::{Blob, STRUCT, record};

const OFFSET: CoreKind = CoreKind::FieldByteOffset;

/// An object that reads `core.x`, `driver.x` and `gone.x`.
fn object() -> (Btf, [CoreRecord; 3]) {
    let mut blob = Blob::new();
    let int = blob.int("int", 4, true);
    let access = blob.string("0:0");
    let records = ["core", "driver", "gone"]
        .map(|name| record(blob.composite(STRUCT, name, 4, &[("x", int, 0)]), access, OFFSET));
    (blob.btf(), records)
}

fn kernel() -> Btf {
    let mut blob = Blob::new();
    let int = blob.int("int", 4, true);
    blob.composite(STRUCT, "core", 8, &[("a", int, 0), ("x", int, 32)]);
    blob.btf()
}

fn module(kernel: &Btf, name: &str, x: u32) -> Btf {
    let mut blob = Blob::on(kernel);
    blob.composite(STRUCT, name, 64, &[("x", 1, x)]);
    blob.btf()
}

#[test]
fn modules_are_asked_when_the_kernel_has_none() {
    let (local, [core, driver, gone]) = object();
    let kernel = kernel();
    let asked = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&asked);
    // The second module's type of the kernel's own name does not count.
    let targets = vec![
        Target::new("one", &module(&kernel, "driver", 64)),
        Target::new("two", &module(&kernel, "core", 0)),
    ];
    let mut relocator =
        Relocator::new(&local, Target::new("vmlinux", &kernel)).with_modules(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            targets
        });
    assert_eq!(relocator.resolve(&core).unwrap().target, Some(4));
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    let resolution = relocator.resolve(&driver).unwrap();
    assert_eq!(resolution.target, Some(8));
    let found = resolution.found.unwrap();
    assert_eq!(relocator.target(found.place).unwrap().name(), "one");
    assert!(found.ty >= kernel.type_count().map(osmia_btf::TypeId).unwrap());
    assert_eq!(relocator.resolve(&gone).unwrap().target, None);
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

/// A module that cannot be read is named where something is missing, and nowhere else.
#[test]
fn broken_modules() {
    let (local, [_, driver, gone]) = object();
    let kernel = kernel();
    let good = module(&kernel, "driver", 64);
    let mut bytes = good.as_bytes().to_vec();
    bytes[24 + 7] = 0x7f; // a kind that nobody knows
    let bad = Btf::parse(Bytes::from(bytes), Some(kernel.clone())).unwrap();
    let targets = vec![Target::new("bad", &bad), Target::new("good", &good)];
    let mut relocator =
        Relocator::new(&local, Target::new("vmlinux", &kernel)).with_modules(|| targets);
    assert_eq!(relocator.resolve(&driver).unwrap().target, Some(8));
    let failure = relocator.explain(&gone).unwrap().unwrap();
    assert!(format!("{failure:#}").contains("\n  not searched: bad: "), "{failure:#}");
    assert!(!format!("{failure:#}").contains("good"), "{failure:#}");
}

#[test]
fn modules_that_contradict_each_other() {
    let (local, [_, driver, _]) = object();
    let kernel = kernel();
    let targets = vec![
        Target::new("one", &module(&kernel, "driver", 64)),
        Target::new("two", &module(&kernel, "driver___two", 96)),
    ];
    let mut relocator =
        Relocator::new(&local, Target::new("vmlinux", &kernel)).with_modules(|| targets);
    let error = relocator.resolve(&driver).unwrap_err().to_string();
    assert!(error.contains("of one says 8") && error.contains("of two says 12"), "{error}");
}
