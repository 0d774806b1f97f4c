//! The same C by every compiler, for both byte orders.

use osmia_object::ObjectSpec;
use osmia_testkit::clang::Clang;
use osmia_testkit::fixture::{Endian, Fixture};

/// All the objects that can be had of a source in `testdata/bpf`, and what each is.
#[allow(dead_code)]
pub fn objects(stem: &str) -> Vec<(String, Vec<u8>)> {
    objects_of(&format!("testdata/bpf/{stem}.bpf.c"))
}

/// The same of a source given by its path from the workspace's root.
pub fn objects_of(source: &str) -> Vec<(String, Vec<u8>)> {
    let mut objects = Vec::new();
    for clang in Clang::present() {
        for endian in [Endian::Little, Endian::Big] {
            if let Some(bytes) = Fixture::at(source).clang(clang).endian(endian).bytes() {
                objects.push((format!("{source}, {clang}, {endian}"), bytes));
            }
        }
    }
    objects
}

/// Reads all of them and hands each one over.
#[allow(dead_code)]
pub fn each(stem: &str, mut check: impl FnMut(&str, &mut ObjectSpec)) {
    for (label, bytes) in objects(stem) {
        let mut spec = match ObjectSpec::parse(stem, bytes.into()) {
            Ok(spec) => spec,
            Err(error) => panic!("{label}: {error}"),
        };
        check(&label, &mut spec);
    }
}
