//! Maps by what is written of them.

use osmia::{Kernel, Map, Program};
use osmia_sys::Bpf;

use crate::failure::Failure;
use crate::select::maps::{self, OpenMap};
use crate::selector::Selector;
use crate::words::Words;

/// The one map that the next words say.
///
/// # Errors
/// There is none, or there are several.
pub fn one(kernel: &Kernel, words: &mut Words<'_>) -> Result<Map, Failure> {
    let selector = Selector::read(words)?;
    handle(kernel, maps::one(&Bpf::default(), &selector)?)
}

/// All maps that the next words say: at least one.
///
/// # Errors
/// There is none.
pub fn all(kernel: &Kernel, words: &mut Words<'_>) -> Result<Vec<Map>, Failure> {
    let selector = Selector::read(words)?;
    let found = maps::several(&Bpf::default(), &selector)?;
    found.into_iter().map(|map| handle(kernel, map)).collect()
}

/// The one program that the next words say.
///
/// # Errors
/// There is none, or there are several.
pub fn program(kernel: &Kernel, words: &mut Words<'_>) -> Result<Program, Failure> {
    let selector = Selector::read(words)?;
    let found = crate::select::progs::one(&Bpf::default(), &selector)?;
    Ok(Program::by_id(kernel, found.info.id)?)
}

fn handle(kernel: &Kernel, map: OpenMap) -> Result<Map, Failure> {
    Ok(Map::from_fd(kernel, map.fd.into_fd())?)
}
