//! What must hold for any bytes that are linked.
//!
//! The fuzz target runs this, and so does a test of `osmia-link` with damaged objects.

use osmia_link::{ObjectFile, link};
use osmia_object::ObjectSpec;

/// Links bytes as an object alone, with itself, and between others.
pub fn check(bytes: &[u8], others: &[ObjectFile]) {
    let object = ObjectFile::new("object", bytes.to_vec());
    if let Some(linked) = linked(std::slice::from_ref(&object)) {
        let again = ObjectFile::new("linked", linked.clone());
        let again = link(&[again]).expect("what was linked can be linked");
        assert_eq!(opens(&again), opens(&linked), "and means the same");
    }
    linked(&[object.clone(), object.clone()]);
    if let Some((first, rest)) = others.split_first() {
        let all = [&[first.clone(), object], rest].concat();
        linked(&all);
    }
}

/// Links; what comes of it opens or says why not.
fn linked(objects: &[ObjectFile]) -> Option<Vec<u8>> {
    match link(objects) {
        Ok(linked) => {
            opens(&linked);
            Some(linked)
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            None
        }
    }
}

/// What is in an object: counts of programs, maps and variables.
fn opens(bytes: &[u8]) -> Option<(usize, usize, usize)> {
    let opened = ObjectSpec::parse("linked", bytes.to_vec().into());
    opened.ok().map(|spec| (spec.programs.len(), spec.maps.len(), spec.variables.len()))
}
