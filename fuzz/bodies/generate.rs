//! What must hold for modules of any object, with any C as its source.
//!
//! The fuzz target runs this, and so do tests of `osmia-build` with objects made to do harm.

use osmia_build::{Options, generate};
use osmia_object::ObjectSpec;

/// The module of an object with the comments in these sources, if the object can be read. It is Rust.
pub fn module(object: &[u8], sources: Vec<String>) -> Option<String> {
    let spec = ObjectSpec::parse("damaged", object.to_vec().into()).ok()?;
    let mut options = Options::default();
    options.sources = sources;
    let module = generate(&spec, &options).ok()?;
    syn::parse_file(&module).expect("a module is Rust");
    Some(module)
}
