//! The files that are linked to one object, by every compiler and for both byte orders.

use osmia_link::ObjectFile;
use osmia_testkit::clang::Clang;
use osmia_testkit::fixture::{Endian, Fixture};

/// The sources, in the order in which they are linked.
pub const STEMS: [&str; 3] = ["parts_entry", "parts_count", "parts_deep"];

/// The objects of one compiler for one byte order; fewer if it is not installed.
pub fn of(clang: Clang, endian: Endian) -> Vec<ObjectFile> {
    let object = |stem: &str| {
        let bytes = Fixture::new(stem).clang(clang).endian(endian).bytes()?;
        Some(ObjectFile::new(format!("{stem}.o"), bytes))
    };
    STEMS.into_iter().filter_map(object).collect()
}

/// All sets of objects that can be had, and what each is.
#[allow(dead_code)]
pub fn all() -> Vec<(String, Vec<ObjectFile>)> {
    let mut sets = Vec::new();
    for clang in [Clang::V14, Clang::V16, Clang::V19] {
        for endian in [Endian::Little, Endian::Big] {
            let objects = of(clang, endian);
            if objects.len() == STEMS.len() {
                sets.push((format!("{clang}, {endian}"), objects));
            }
        }
    }
    sets
}
