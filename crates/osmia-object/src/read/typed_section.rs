//! What the types say of the variables of a section.

use std::collections::HashMap;

use osmia_btf::{Kind, TypeId};

use crate::error::Error;
use crate::read::source::{Source, types};

/// The `DATASEC` of a section, by the names of its variables.
#[derive(Default)]
pub(crate) struct TypedSection<'a> {
    pub id: Option<TypeId>,
    by_name: HashMap<&'a str, Vec<TypedVar>>,
}

#[derive(Clone, Copy)]
struct TypedVar {
    offset: u32,
    size: u32,
    ty: TypeId,
}

impl<'a> TypedSection<'a> {
    /// What the object's types say of the section of this name; nothing, if they do not.
    pub fn find(source: &'a Source<'_>, section: &str) -> Result<Self, Error> {
        let Some(btf) = &source.btf else { return Ok(Self::default()) };
        let Some(datasec) = btf.find(Kind::DataSec, section).map_err(types)? else {
            return Ok(Self::default());
        };
        let mut by_name: HashMap<_, Vec<_>> = HashMap::new();
        for var in datasec.section_vars() {
            let ty = btf.ty(var.var).map_err(types)?;
            // Functions of `.ksyms` are no variables.
            let (Kind::Var, Some(target)) = (ty.kind(), ty.target()) else { continue };
            let typed = TypedVar { offset: var.offset, size: var.size, ty: target };
            by_name.entry(ty.name()).or_default().push(typed);
        }
        Ok(Self { id: Some(datasec.id()), by_name })
    }

    /// The type of the variable with this name at this offset.
    ///
    /// Compilers write the offsets of static variables, which alone can share a name,
    /// and leave those of others to the linker; so the name counts, and the offset only
    /// where it is needed.
    pub fn type_of(&self, name: &str, offset: u64) -> Option<TypeId> {
        let vars = self.by_name.get(name)?;
        let at = vars.iter().find(|var| u64::from(var.offset) == offset);
        at.or_else(|| vars.first()).map(|var| var.ty)
    }

    /// The size of the variable with this name, if the types tell one.
    pub fn size_of(&self, name: &str) -> Option<u32> {
        self.by_name.get(name)?.first().map(|var| var.size)
    }
}
