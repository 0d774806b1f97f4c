//! From a distilled base to the types of a kernel.

use crate::btf::Btf;
use crate::builder::Builder;
use crate::distilled::unknown;
use crate::error::Error;
use crate::id::TypeId;
use crate::kind::Kind;
use crate::ty::Type;

const AMBIGUOUS: &str = "is there several times, and nothing tells which is meant";
/// No kernel has so many types of one name.
const MOST_NAMESAKES: usize = 1000;

impl Btf {
    /// A split BTF whose base is a distilled one (a module's section `.BTF.base`), moved onto the
    /// types of a kernel. The split BTF's own types keep their order.
    ///
    /// A distilled base has the named types that a module refers to, without what is in them, so that
    /// the module fits kernels whose types have other ids. What stands for a type in it is found by
    /// kind and name; integers, floating-point numbers, enumerations, and structures that have a size
    /// there, by their size as well.
    ///
    /// # Errors
    /// This is no split BTF; `onto` has no such type, or several; or a record is broken.
    ///
    /// # Examples
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use osmia_btf::Btf;
    ///
    /// # let (base_section, section) = (bytes::Bytes::new(), bytes::Bytes::new());
    /// let kernel = Btf::parse(std::fs::read("/sys/kernel/btf/vmlinux")?.into(), None)?;
    /// let module = Btf::parse(section, Some(Btf::parse(base_section, None)?))?;
    /// let module = module.relocated(&kernel)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn relocated(&self, onto: &Self) -> Result<Self, Error> {
        let distilled = self.base().ok_or(Error::NoBase)?;
        if distilled.endian() != onto.endian() {
            return Err(Error::ByteOrder);
        }
        let mut found = Vec::new();
        for ty in distilled.types()? {
            found.push(counterpart(&ty?, onto)?);
        }
        let (first, moved) = (self.first_own_id().0, onto.type_count()?);
        let mut builder = Builder::split(onto.clone())?;
        for ty in self.own_types()? {
            builder.copy(&ty?, |id| match id.0.checked_sub(first) {
                Some(own) => Ok(TypeId(moved.saturating_add(own))),
                None if id.is_void() => Ok(id),
                None => found.get(id.0 as usize - 1).copied().ok_or_else(|| unknown(self, id)),
            })?;
        }
        builder.build()
    }
}

/// The type that one in a distilled base stands for.
fn counterpart(distilled: &Type<'_>, onto: &Btf) -> Result<TypeId, Error> {
    let refused = |problem| Error::Distilled {
        id: distilled.id(),
        kind: distilled.kind(),
        name: distilled.name().to_owned(),
        problem,
    };
    if distilled.name().is_empty() {
        return Err(refused("has no name, which no type of a distilled base may lack"));
    }
    let mut found: Option<Type<'_>> = None;
    let namesakes = onto.ids_named(distilled.name())?;
    if namesakes.len() > MOST_NAMESAKES {
        return Err(refused(AMBIGUOUS));
    }
    for id in namesakes {
        let ty = onto.ty(id)?;
        if !stands_for(distilled, &ty) {
            continue;
        }
        found = match found {
            None => Some(ty),
            // A forward declaration is no more than a name for what is defined.
            Some(known) if ty.kind() == Kind::Fwd => Some(known),
            Some(known) if known.kind() == Kind::Fwd => Some(ty),
            Some(_) => return Err(refused(AMBIGUOUS)),
        };
    }
    found.map(|ty| ty.id()).ok_or_else(|| refused("is not among the types that it is moved onto"))
}

fn stands_for(distilled: &Type<'_>, ty: &Type<'_>) -> bool {
    let same_size = distilled.own_size() == ty.own_size();
    match distilled.kind() {
        Kind::Fwd => match ty.kind() {
            Kind::Fwd => ty.is_union_fwd() == distilled.is_union_fwd(),
            Kind::Struct => !distilled.is_union_fwd(),
            Kind::Union => distilled.is_union_fwd(),
            _ => false,
        },
        Kind::Int => ty.kind() == Kind::Int && ty.int() == distilled.int(),
        Kind::Enum | Kind::Enum64 => ty.is_enum() && same_size,
        Kind::Struct | Kind::Union | Kind::Float => ty.kind() == distilled.kind() && same_size,
        _ => false,
    }
}
