//! The global variables of a module.

use osmia_btf::{Btf, Kind, TypeId};
use osmia_object::{MapRole, ObjectSpec, VariableSpec};

use crate::error::Error;
use crate::generate::module::map::c_name;
use crate::generate::names::{self, Claims};
use crate::generate::types::collect::Collector;
use crate::generate::types::model::Ty;

/// A variable's field.
pub(crate) struct Variable {
    pub field: String,
    /// The variable's name in the object.
    pub name: String,
    pub ty: Ty,
    pub is_constant: bool,
    pub doc: String,
}

/// `const struct event *unused` keeps a type in BTF, and is not there for its value.
const ANCHOR: &str = "unused";

pub(super) fn variables(
    object: &ObjectSpec,
    btf: &Btf,
    collector: &mut Collector<'_>,
) -> Result<Vec<Variable>, Error> {
    let mut claims = Claims::default();
    let mut variables = Vec::new();
    for spec in object.variables.values() {
        let what = format!("the type of `{}`", names::shown(&spec.name));
        if let Some(anchored) = anchored(spec, btf)? {
            collector.ask(anchored, &spec.name, &what)?;
            continue;
        }
        if is_of_the_compiler(&spec.name) {
            continue;
        }
        let field = claims.claim(&names::plain(&spec.name), "_");
        let ty = match spec.ty {
            Some(ty) => collector.ask(ty, &spec.name, &what)?,
            None => Ty::Bytes(spec.size),
        };
        let role = object.maps.get(&spec.map).map(|map| map.role);
        variables.push(Variable {
            field,
            name: spec.name.clone(),
            ty,
            is_constant: role == Some(MapRole::Constants),
            doc: doc(spec, btf),
        });
    }
    Ok(variables)
}

/// What a variable that is called `unused` points to.
fn anchored(spec: &VariableSpec, btf: &Btf) -> Result<Option<TypeId>, Error> {
    let Some(ty) = spec.ty.filter(|_| spec.name.starts_with(ANCHOR)) else { return Ok(None) };
    let ty = btf.resolve(ty)?;
    Ok(ty.target().filter(|target| ty.kind() == Kind::Ptr && !target.is_void()))
}

/// Whether the variable is one that macros and the compiler make: the formats of
/// `bpf_printk` and the like.
fn is_of_the_compiler(name: &str) -> bool {
    let own = name.rsplit('.').find(|part| part.parse::<u32>().is_err()).unwrap_or(name);
    own.starts_with("____") || name.starts_with(".L") || name.starts_with("__const.")
}

fn doc(spec: &VariableSpec, btf: &Btf) -> String {
    let ty = spec.ty.and_then(|ty| c_name(btf, ty));
    let ty = ty.map(|ty| format!(" of type `{ty}`")).unwrap_or_default();
    let noun = if spec.is_static { "static variable" } else { "variable" };
    let map = names::shown(&spec.map);
    format!("{noun} `{}`{ty} in `{map}`.", names::shown(&spec.name))
}

#[cfg(test)]
mod tests {
    use super::is_of_the_compiler;

    #[test]
    fn formats_are_not_variables() {
        for name in ["____fmt", "closes.____fmt", "closes.____fmt.3", ".L.str", "__const.f.key"] {
            assert!(is_of_the_compiler(name), "{name}");
        }
        for name in ["limit", "f.count", "f.count.1", "__u", "7"] {
            assert!(!is_of_the_compiler(name), "{name}");
        }
    }
}
