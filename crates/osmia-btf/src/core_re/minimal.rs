//! As much of a kernel's types as some objects need.

use std::collections::BTreeMap;

use crate::btf::Btf;
use crate::builder::Builder;
use crate::core_re::error::CoreError;
use crate::core_re::kind::CoreKind;
use crate::core_re::relocation::What;
use crate::core_re::relocator::Relocator;
use crate::core_re::side::first_long;
use crate::core_re::target::Target;
use crate::core_re::wanted::{Parts, Wanted};
use crate::error::Error;
use crate::ext::CoreRecord;
use crate::id::TypeId;
use crate::kind::Kind;
use crate::ty::{Enumerator, Member, Type};

/// As much of a kernel's types as the relocations of some objects need: a few kilobytes,
/// which can be shipped for kernels that have no BTF themselves.
///
/// Relocations come to the same with it as with the whole, but for type ids, which mean
/// something in the running kernel's own BTF only.
///
/// # Examples
/// ```
/// use osmia_btf::{Btf, CoreRecord, Kind, core_re::{Minimal, Target}};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let local = Btf::parse(osmia_btf::doc_fixture(), None)?;
/// # let kernel = local.clone();
/// # let ty = local.find(Kind::Struct, "point")?.ok_or("no point")?.id();
/// # let access = osmia_btf::StrOff(15); // "0:1"
/// # let records = [CoreRecord { insn: Default::default(), ty, access, kind: 0 }];
/// let mut minimal = Minimal::new(Target::new("vmlinux", &kernel), Vec::new());
/// minimal.add(&local, records)?; // reads point.y
/// let point = minimal.build()?.find(Kind::Struct, "point")?.map(|point| point.vlen());
/// assert_eq!(point, Some(1));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Minimal {
    kernel: Target,
    modules: Vec<Target>,
    /// By place, as [`Found`](crate::core_re::Found) has it.
    wanted: BTreeMap<usize, Wanted>,
}

impl Minimal {
    /// Begins with nothing of a kernel's and its modules' types.
    pub fn new(kernel: Target, modules: Vec<Target>) -> Self {
        Self { kernel, modules, wanted: BTreeMap::new() }
    }

    /// Adds what the relocations of an object need. They must be in the order in which
    /// they will be resolved.
    ///
    /// # Errors
    /// One cannot be resolved, as [`Relocator::resolve`] has it; that the kernel lacks
    /// something is no error.
    pub fn add(
        &mut self,
        local: &Btf,
        records: impl IntoIterator<Item = CoreRecord>,
    ) -> Result<(), CoreError> {
        let modules = self.modules.clone();
        let mut relocator =
            Relocator::new(local, self.kernel.clone()).with_modules(move || modules);
        for record in records {
            let resolution = relocator.resolve(&record)?;
            let whole = resolution.kind == CoreKind::TypeMatches;
            relocator.each_match(&record, |target, found, what| {
                let wanted = self.wanted.entry(found.place).or_default();
                match what {
                    What::Field(path) => wanted.field(target.btf(), found.ty, path),
                    What::Enumerator(choice) => wanted.enumerator(target.btf(), found.ty, choice),
                    What::Type if whole => wanted.whole(target.btf(), found.ty),
                    What::Type => wanted.shell(target.btf(), found.ty),
                }
            })?;
        }
        Ok(())
    }

    /// The types, in the order that they had; those of modules follow the kernel's.
    ///
    /// # Errors
    /// A record is broken.
    pub fn build(&self) -> Result<Btf, Error> {
        let kernel = self.kernel.btf();
        let mut all: BTreeMap<(usize, TypeId), Parts> = BTreeMap::new();
        // Its width tells that of pointers.
        all.extend(first_long(kernel)?.map(|(id, _)| ((0, id), Parts::default())));
        for (&place, wanted) in &self.wanted {
            let btf = self.btf(place);
            for (&id, parts) in &wanted.types {
                let into = all.entry(key(btf, place, id)).or_default();
                into.elements.extend(&parts.elements);
                into.pointee |= parts.pointee;
            }
        }
        let ids: BTreeMap<(usize, TypeId), TypeId> =
            all.keys().copied().zip((1..).map(TypeId)).collect();
        let mut builder = Builder::new(kernel.endian());
        for (&(place, id), parts) in &all {
            let btf = self.btf(place);
            let new_id = |id: TypeId| {
                let new = ids.get(&key(btf, place, id)).copied();
                // What nobody looks at is cut off.
                if id.is_void() { id } else { new.unwrap_or(TypeId::VOID) }
            };
            copy(&mut builder, &btf.ty(id)?, parts, new_id)?;
        }
        builder.build()
    }

    fn btf(&self, place: usize) -> &Btf {
        let module = place.checked_sub(1).and_then(|place| self.modules.get(place));
        module.unwrap_or(&self.kernel).btf()
    }
}

/// Types that a module's BTF has from its base are the kernel's.
fn key(btf: &Btf, place: usize, id: TypeId) -> (usize, TypeId) {
    if id < btf.first_own_id() { (0, id) } else { (place, id) }
}

fn copy(
    builder: &mut Builder,
    ty: &Type<'_>,
    parts: &Parts,
    new_id: impl Fn(TypeId) -> TypeId,
) -> Result<TypeId, Error> {
    let size = ty.own_size().unwrap_or_default();
    match ty.kind() {
        Kind::Struct | Kind::Union => {
            let mut members = Vec::new();
            for member in kept(ty, parts)? {
                members.push(Member { ty: new_id(member.ty), ..member });
            }
            builder.composite(ty.kind(), ty.name(), size, &members)
        }
        Kind::Enum | Kind::Enum64 => {
            let chosen = parts.elements.iter().filter_map(|&index| ty.enumerator_at(index));
            let chosen: Vec<Enumerator<'_>> = chosen.collect::<Result<_, _>>()?;
            builder.enumeration(ty.kind(), ty.name(), size, ty.is_signed_enum(), &chosen)
        }
        Kind::Ptr if !parts.pointee => builder.pointer(TypeId::VOID),
        _ => builder.copy(ty, |id| Ok(new_id(id))),
    }
}

/// The members that are wanted. Of a struct with an array of no length among them also
/// the last one, lest that array become the last and be taken for a flexible one.
fn kept<'a>(ty: &Type<'a>, parts: &Parts) -> Result<Vec<Member<'a>>, Error> {
    let member = |index: u32| ty.member_at(index).transpose();
    let mut elements = parts.elements.clone();
    for &index in &parts.elements {
        let Some(member) = member(index)? else { continue };
        let array = ty.btf().resolve(member.ty)?.array();
        if array.is_some_and(|array| array.len == 0) {
            elements.extend(ty.vlen().checked_sub(1));
        }
    }
    let mut members = Vec::new();
    for &index in &elements {
        members.extend(member(index)?);
    }
    Ok(members)
}
