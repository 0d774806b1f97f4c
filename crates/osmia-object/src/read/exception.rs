//! Functions that the kernel calls when a program throws: `__exception_cb(name)`.

use osmia_btf::Kind;

use crate::error::Error;
use crate::function::{Function, FunctionId};
use crate::read::source::{Source, types};

/// What the tag on a program's function begins with.
const TAG: &str = "exception_callback:";

/// Gives functions the callbacks that their tags name.
pub(crate) fn attach(source: &Source<'_>, functions: &mut [Function]) -> Result<(), Error> {
    let Some(btf) = &source.btf else { return Ok(()) };
    for ty in btf.own_types_of(Kind::DeclTag).map_err(types)? {
        let ty = ty.map_err(types)?;
        let Some(name) = ty.name().strip_prefix(TAG) else { continue };
        let callback = functions.iter().position(|function| function.name == name);
        let Some(callback) = callback.and_then(|at| u32::try_from(at).ok()) else { continue };
        let tagged = functions.iter_mut().filter(|one| one.btf_type == ty.target());
        for function in tagged.filter(|one| one.btf_type.is_some()) {
            function.exception_callback = Some(FunctionId(callback));
        }
    }
    Ok(())
}
