//! The types that have a name in C, in the order of their names.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::btf::Btf;
use crate::error::Error;
use crate::hash::Quick;
use crate::id::TypeId;
use crate::kind::Kind;
use crate::ty::Type;

/// Which of C's name spaces a name lives in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Space {
    Typedef,
    Tag,
}

/// A type with a name.
#[derive(Clone, Copy)]
pub(super) struct Named<'a> {
    /// The name's first bytes, so that most comparisons need not look further.
    key: u64,
    pub name: &'a str,
    pub kind: Kind,
    pub id: TypeId,
}

impl<'a> Named<'a> {
    fn new(ty: &Type<'a>) -> Self {
        Self { key: prefix(ty.name()), name: ty.name(), kind: ty.kind(), id: ty.id() }
    }

    fn space(&self) -> Space {
        if self.kind == Kind::Typedef { Space::Typedef } else { Space::Tag }
    }
}

/// What is to be known of all types before the first is printed.
///
/// Names come sorted, and types that share one are told apart by their contents, not
/// by their ids: two kernels that differ in one struct give headers that differ there.
#[derive(Default)]
pub(super) struct Catalog<'a> {
    /// Structs, unions, enums, forward declarations and typedefs.
    pub named: Vec<Named<'a>>,
    /// Enums without a name, by that of their first value.
    pub anonymous_enums: Vec<(&'a str, TypeId)>,
    /// Functions that programs may call, as the kernel tags them.
    pub kfuncs: Vec<(&'a str, TypeId)>,
    /// Tags by the type they are for.
    pub tags: HashMap<TypeId, Vec<Tag<'a>>, Quick>,
    /// Typedefs that say the same as another of their name.
    aliases: HashMap<TypeId, TypeId, Quick>,
    /// Numbers that tell types of one name apart, for those that have one.
    suffixes: HashMap<TypeId, u32, Quick>,
    /// Bit `id % 64` of word `id / 64` is set for the keys of `suffixes`.
    has_suffix: Vec<u64>,
}

/// A declaration tag.
#[derive(Clone, Copy)]
pub(super) struct Tag<'a> {
    pub text: &'a str,
    /// Whether the text is an attribute by itself.
    pub is_attribute: bool,
    /// The member or parameter that it is for; the whole type if none.
    pub component: Option<u32>,
}

impl<'a> Catalog<'a> {
    pub fn new(btf: &'a Btf) -> Result<Self, Error> {
        let mut catalog = Self::default();
        for ty in btf.types_unnamed()? {
            let ty = ty?;
            match ty.kind() {
                Kind::Struct
                | Kind::Union
                | Kind::Enum
                | Kind::Enum64
                | Kind::Fwd
                | Kind::Typedef => catalog.enter(&btf.ty(ty.id())?)?,
                Kind::DeclTag => catalog.tag(&btf.ty(ty.id())?)?,
                _ => {}
            }
        }
        catalog.kfuncs.sort_unstable();
        catalog.kfuncs.dedup_by_key(|(name, _)| *name);
        catalog.anonymous_enums.sort_unstable();
        catalog.sort(btf);
        catalog.number(btf)?;
        Ok(catalog)
    }

    /// The typedef that is printed in place of this one, or the type itself.
    pub fn printed(&self, id: TypeId) -> TypeId {
        if self.aliases.is_empty() { id } else { self.aliases.get(&id).copied().unwrap_or(id) }
    }

    /// The number behind a type's name, if it needs one.
    pub fn suffix(&self, id: TypeId) -> Option<u32> {
        let word = self.has_suffix.get(id.0 as usize / 64)?;
        if word >> (id.0 % 64) & 1 == 0 {
            return None;
        }
        self.suffixes.get(&id).copied()
    }

    fn enter(&mut self, ty: &Type<'a>) -> Result<(), Error> {
        if !ty.name().is_empty() {
            self.named.push(Named::new(ty));
        } else if ty.is_enum() {
            if let Some(first) = ty.enumerators().next() {
                self.anonymous_enums.push((first?.name, ty.id()));
            }
        }
        Ok(())
    }

    fn tag(&mut self, ty: &Type<'a>) -> Result<(), Error> {
        let target = ty.target().unwrap_or_default();
        let of = ty.btf().ty(target)?;
        if of.kind() == Kind::Func && ty.name() == "bpf_kfunc" {
            self.kfuncs.push((of.name(), target));
        }
        self.tags.entry(target).or_default().push(Tag {
            text: ty.name(),
            is_attribute: ty.flag(),
            component: ty.tag_component(),
        });
        Ok(())
    }

    /// Numbers the types of one name and name space but for the first.
    fn number(&mut self, btf: &Btf) -> Result<(), Error> {
        let alike = |a: &Named<'_>, b: &Named<'_>| {
            a.key == b.key && a.name == b.name && a.space() == b.space()
        };
        let named = std::mem::take(&mut self.named);
        for run in named.chunk_by(alike).filter(|run| run.len() > 1) {
            self.number_run(btf, &named, run)?;
        }
        self.named = named;
        let aliases = &self.aliases;
        self.named.retain(|named| !aliases.contains_key(&named.id));
        self.has_suffix = vec![0; btf.type_count()? as usize / 64 + 1];
        for id in self.suffixes.keys() {
            if let Some(word) = self.has_suffix.get_mut(id.0 as usize / 64) {
                *word |= 1 << (id.0 % 64);
            }
        }
        Ok(())
    }

    fn number_run(&mut self, btf: &Btf, all: &[Named<'_>], run: &[Named<'_>]) -> Result<(), Error> {
        let mut next = 2;
        // What each distinct type has become. Forward declarations, which come last, stand
        // for the first struct or union of their sort, if there is one.
        let mut known: HashMap<Sort, (TypeId, Option<u32>), Quick> = HashMap::default();
        for (at, named) in run.iter().enumerate() {
            let sort = Sort::of(btf, named)?;
            let before = known.get(&sort).copied();
            let suffix = match before {
                Some((first, suffix)) if matches!(named.kind, Kind::Fwd | Kind::Typedef) => {
                    if named.kind == Kind::Typedef {
                        self.aliases.insert(named.id, first);
                    }
                    suffix
                }
                _ if at == 0 => None,
                _ => Some(free(all, named, &mut next)),
            };
            known.entry(sort).or_insert((named.id, suffix));
            self.suffixes.extend(suffix.map(|suffix| (named.id, suffix)));
        }
        Ok(())
    }

    fn sort(&mut self, btf: &Btf) {
        self.named.sort_unstable_by(|a, b| {
            a.key
                .cmp(&b.key)
                .then_with(|| a.name.cmp(b.name))
                .then_with(|| a.space().cmp(&b.space()))
                .then_with(|| by_contents(btf, a, b))
        });
    }
}

/// What makes types of one name the same for C.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Sort {
    Struct,
    Union,
    /// An enum; no two are the same.
    Enum(TypeId),
    /// A typedef, by the first type behind it that is none.
    Typedef(TypeId),
}

impl Sort {
    fn of(btf: &Btf, named: &Named<'_>) -> Result<Self, Error> {
        Ok(match named.kind {
            Kind::Union => Self::Union,
            Kind::Fwd if btf.ty_unnamed(named.id)?.is_union_fwd() => Self::Union,
            Kind::Struct | Kind::Fwd => Self::Struct,
            Kind::Typedef => Self::Typedef(btf.behind_typedefs(named.id)?),
            _ => Self::Enum(named.id),
        })
    }
}

/// The next number that makes a name which no other type has.
fn free(all: &[Named<'_>], named: &Named<'_>, next: &mut u32) -> u32 {
    loop {
        let number = *next;
        *next += 1;
        let name = format!("{}___{number}", named.name);
        let key = prefix(&name);
        let order =
            |other: &Named<'_>| other.key.cmp(&key).then_with(|| other.name.cmp(name.as_str()));
        if all.binary_search_by(order).is_err() {
            return number;
        }
    }
}

/// The first eight bytes as a number that sorts as they do.
fn prefix(name: &str) -> u64 {
    let mut bytes = [0; 8];
    for (to, from) in bytes.iter_mut().zip(name.bytes()) {
        *to = from;
    }
    u64::from_be_bytes(bytes)
}

/// Orders types of one name: definitions before forward declarations, large ones before
/// small ones, then whatever tells them apart; the order of ids is the last resort.
fn by_contents(btf: &Btf, a: &Named<'_>, b: &Named<'_>) -> Ordering {
    let (Ok(x), Ok(y)) = (btf.ty_unnamed(a.id), btf.ty_unnamed(b.id)) else {
        return a.id.cmp(&b.id);
    };
    let rank = |ty: &Type<'_>| {
        let size = ty.own_size().unwrap_or_default();
        (ty.kind() == Kind::Fwd, u32::MAX - ty.vlen(), u32::MAX - size, ty.kind().raw(), ty.flag())
    };
    rank(&x)
        .cmp(&rank(&y))
        .then_with(|| members(&x).cmp(members(&y)))
        .then_with(|| values(&x).cmp(values(&y)))
        .then_with(|| target(&x).cmp(&target(&y)))
        .then_with(|| a.id.cmp(&b.id))
}

fn members<'a>(ty: &Type<'a>) -> impl Iterator<Item = (&'a str, u32, Option<u32>)> + use<'a> {
    ty.members().map_while(Result::ok).map(|m| (m.name, m.offset.0, m.bitfield))
}

fn values<'a>(ty: &Type<'a>) -> impl Iterator<Item = (&'a str, u64)> + use<'a> {
    ty.enumerators().map_while(Result::ok).map(|e| (e.name, e.bits))
}

/// The kind and name that a typedef leads to, other typedefs first.
fn target<'a>(ty: &Type<'a>) -> Option<(bool, u8, &'a str)> {
    let target = ty.btf().ty(ty.target()?).ok()?;
    Some((target.kind() != Kind::Typedef, target.kind().raw(), target.name()))
}
