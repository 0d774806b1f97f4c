//! Functions that the kernel calls when a program throws: `__exception_cb(name)`.

use osmia_btf::{Btf, Kind};

use crate::error::Error;
use crate::function::{Function, FunctionId};
use crate::read::source::{Source, types};

/// What the tag on a program's function begins with.
const TAG: &str = "exception_callback:";

/// Gives functions the callbacks that their tags name.
pub(crate) fn attach(source: &Source<'_>, functions: &mut [Function]) -> Result<(), Error> {
    let Some(btf) = source.btf.as_ref().filter(|btf| has_tags(btf)) else { return Ok(()) };
    for ty in btf.types().map_err(types)? {
        let ty = ty.map_err(types)?;
        let (Kind::DeclTag, Some(name)) = (ty.kind(), ty.name().strip_prefix(TAG)) else {
            continue;
        };
        let callback = functions.iter().position(|function| function.name == name);
        let Some(callback) = callback.and_then(|at| u32::try_from(at).ok()) else { continue };
        let tagged = functions.iter_mut().filter(|one| one.btf_type == ty.target());
        for function in tagged.filter(|one| one.btf_type.is_some()) {
            function.exception_callback = Some(FunctionId(callback));
        }
    }
    Ok(())
}

/// Whether any string of the types is such a tag; most objects have none, and are not searched.
fn has_tags(btf: &Btf) -> bool {
    let strings = btf.own_strings();
    strings.windows(TAG.len()).any(|window| window == TAG.as_bytes())
}
