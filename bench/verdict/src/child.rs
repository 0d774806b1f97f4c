//! One object by one library, in a process that may crash or hang.

use std::path::Path;

use serde_json::json;

use crate::Loader;

/// Tells of the object and, if so wanted, of each of its programs alone, leaving out what was tried before. What is
/// about to be tried is told first, so that it is known if it does not come back.
pub fn tell(loader: &dyn Loader, object: &Path, pins: &Path, each: bool, from: usize) {
    let programs = if each { loader.programs(object).unwrap_or_default() } else { Vec::new() };
    let all = [None].into_iter().chain(programs.iter().map(|name| Some(name.as_str())));
    for program in all.skip(from) {
        println!("{}", json!({ "trying": program }));
        let verdict = loader.load(object, pins, program);
        let loaded = verdict.opened && verdict.why.is_none();
        let (opened, why) = (verdict.opened, &verdict.why);
        println!(
            "{}",
            json!({ "program": program, "opened": opened, "loaded": loaded, "why": why })
        );
    }
}
