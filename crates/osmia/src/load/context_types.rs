//! Contexts that functions of an object take: `int f(void *ctx __arg_ctx)`.
//!
//! Kernels before 6.8 do not know the tag that says so. They take an argument of a global function
//! for the context if it points to a struct of the context's name, which depends on the type of the
//! program; so functions get types of their own for each type of program that calls them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;
use osmia_abi::ProgType;
use osmia_btf::{Btf, Builder, Error, Kind, Linkage, Param, TypeId};
use osmia_object::ObjectSpec;

/// The declaration tag of such arguments.
const TAG: &str = "arg:ctx";

/// The types that functions have for old kernels, by what they are in the object and by the name of
/// the context.
#[derive(Debug, Default)]
pub(super) struct ContextTypes(HashMap<(TypeId, &'static str), TypeId>);

impl ContextTypes {
    /// The type of a function where a program of this type calls it.
    pub(super) fn of(&self, function: TypeId, prog_type: ProgType) -> TypeId {
        let own = prog_type.context().and_then(|name| self.0.get(&(function, name)));
        own.copied().unwrap_or(function)
    }
}

/// Whether an object marks arguments so.
pub(super) fn are_marked(btf: &Btf) -> bool {
    let tags = btf.own_types_of(Kind::DeclTag).into_iter().flatten();
    tags.flatten().any(|tag| tag.name() == TAG)
}

/// The types with those added that an old kernel needs.
pub(super) fn add(spec: &ObjectSpec, types: &Bytes) -> Result<(Bytes, ContextTypes), Error> {
    let btf = Btf::parse(types.clone(), None)?;
    let mut builder = Builder::from_btf(&btf)?;
    let mut added = ContextTypes::default();
    let marked = marked(&btf)?;
    let types = spec.programs.values().filter_map(|program| program.prog_type?.context());
    for name in types.collect::<BTreeSet<_>>() {
        let pointer = pointer(&btf, &mut builder, name)?;
        for (&id, arguments) in &marked {
            let function = btf.ty(id)?;
            let Some(prototype) = function.target().filter(|_| function.kind() == Kind::Func)
            else {
                continue;
            };
            if function.linkage() != Some(Linkage::Global) {
                continue;
            }
            let prototype = btf.ty(prototype)?;
            let mut params = prototype.params().collect::<Result<Vec<Param<'_>>, Error>>()?;
            for &argument in arguments {
                if let Some(param) = params.get_mut(argument as usize) {
                    param.ty = pointer;
                }
            }
            let own = builder.prototype(prototype.target().unwrap_or_default(), &params)?;
            let own = builder.function(function.name(), own, Linkage::Global)?;
            added.0.insert((id, name), own);
        }
    }
    Ok((builder.to_bytes()?, added))
}

/// The numbers of the arguments that are marked, by function.
fn marked(btf: &Btf) -> Result<BTreeMap<TypeId, Vec<u32>>, Error> {
    let mut marked: BTreeMap<TypeId, Vec<u32>> = BTreeMap::new();
    for tag in btf.own_types_of(Kind::DeclTag)? {
        let tag = tag?;
        let place = tag.target().zip(tag.tag_component());
        if let Some((function, argument)) = place.filter(|_| tag.name() == TAG) {
            marked.entry(function).or_default().push(argument);
        }
    }
    Ok(marked)
}

/// A pointer to the context of this name, which the object's types may not have. Kernels compare
/// names alone.
fn pointer(btf: &Btf, builder: &mut Builder, name: &str) -> Result<TypeId, Error> {
    let target = match btf.find(Kind::Struct, name)? {
        Some(found) => found.id(),
        None => builder.composite(Kind::Struct, name, 0, &[])?,
    };
    builder.pointer(target)
}
