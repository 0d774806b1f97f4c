//! `TYPE_MATCHES`: whether a type of the target has all that the local one has.

use std::collections::{HashMap, HashSet};

use crate::core_re::mismatch::{Clash, ClashKind};
use crate::core_re::side::Side;
use crate::core_re::types::{LEVELS, Verdict, inner};
use crate::error::Error;
use crate::flavour::essential_name;
use crate::id::TypeId;
use crate::kind::Kind;
use crate::ty::Type;

/// More comparisons of names than this are no kernel's types, but made to take for ever.
const COMPARISONS: u32 = 1 << 22;

/// Compares two types by names, kinds, sizes and signs: every local member must be in
/// the target's struct, at whatever place, and its type must match in turn; every local
/// enumerator must be there, of whatever value. Behind a pointer, names and kinds do.
pub(super) fn matches<'a>(
    local: Side<'a>,
    id: TypeId,
    target: Side<'a>,
    other: TypeId,
) -> Result<Verdict<'a>, Error> {
    let mut matching = Matching { local, target, known: HashMap::new(), left: COMPARISONS };
    matching.of(id, other, false, LEVELS)
}

struct Matching<'a> {
    local: Side<'a>,
    target: Side<'a>,
    /// Pairs already compared, behind a pointer or not: structs may hold each other many times over.
    known: HashMap<(TypeId, TypeId, bool), Verdict<'a>>,
    left: u32,
}

impl<'a> Matching<'a> {
    fn of(
        &mut self,
        id: TypeId,
        other: TypeId,
        behind: bool,
        level: u32,
    ) -> Result<Verdict<'a>, Error> {
        let level = level.checked_sub(1).ok_or(Error::TooDeep { id, limit: LEVELS })?;
        let key = (id, other, behind);
        if let Some(&known) = self.known.get(&key) {
            return Ok(known);
        }
        let verdict = self.compare(id, other, behind, level)?;
        self.known.insert(key, verdict);
        Ok(verdict)
    }

    fn compare(
        &mut self,
        id: TypeId,
        other: TypeId,
        mut behind: bool,
        level: u32,
    ) -> Result<Verdict<'a>, Error> {
        let (mut at, mut there) = (id, other);
        for _ in 0..LEVELS {
            let one = self.local.btf.resolve(at)?;
            let two = self.target.btf.resolve(there)?;
            let clash = |why| Ok(Err(Clash { local: one.id(), target: two.id(), why }));
            if essential(&one) != essential(&two) {
                return clash(ClashKind::Name);
            }
            match one.kind() {
                Kind::Ptr | Kind::Array | Kind::FuncProto if one.kind() != two.kind() => {
                    return clash(ClashKind::Kind);
                }
                Kind::Ptr => behind = true,
                Kind::Array if length(&one) != length(&two) => return clash(ClashKind::Length),
                Kind::Array => {}
                Kind::FuncProto if one.vlen() != two.vlen() => {
                    return clash(ClashKind::Parameters);
                }
                Kind::FuncProto => {
                    for (one, two) in one.params().zip(two.params()) {
                        if let Err(clash) = self.of(one?.ty, two?.ty, behind, level)? {
                            return Ok(Err(clash));
                        }
                    }
                }
                Kind::Struct | Kind::Union if !behind && one.kind() == two.kind() => {
                    return self.members(&one, &two, level)?.map_or(Ok(Ok(())), clash);
                }
                Kind::Enum | Kind::Enum64 if two.is_enum() => {
                    return self.enums(&one, &two)?.map_or(Ok(Ok(())), clash);
                }
                _ => return plain(&one, &two, behind).map_or(Ok(Ok(())), clash),
            }
            (at, there) = (inner(&one), inner(&two));
        }
        Err(Error::TooDeep { id, limit: LEVELS })
    }

    /// What the target's struct lacks, if it does.
    fn members(
        &mut self,
        one: &Type<'a>,
        two: &Type<'a>,
        level: u32,
    ) -> Result<Option<ClashKind<'a>>, Error> {
        let names = essential_names(two);
        if one.vlen() > two.vlen() {
            return Ok(Some(surplus(one, &names)));
        }
        let mut roll = Roll::default();
        for member in one.members() {
            let member = member?;
            let wanted = essential_name(member.name.as_bytes());
            let mut found = None;
            for at in roll.places(names.len()) {
                self.count(one.id())?;
                if names.get(at) != Some(&wanted) {
                    continue;
                }
                let Some(there) = two.member_at(at as u32).transpose()? else { continue };
                if self.of(member.ty, there.ty, false, level)?.is_ok() {
                    found = Some(at);
                    break;
                }
            }
            match found {
                Some(at) => roll.found(at),
                None => return Ok(Some(ClashKind::Member(member.name))),
            }
        }
        Ok(None)
    }

    fn enums(&mut self, one: &Type<'a>, two: &Type<'a>) -> Result<Option<ClashKind<'a>>, Error> {
        if one.own_size() != two.own_size() {
            return Ok(Some(ClashKind::Size));
        }
        let names = essential_names(two);
        let mut roll = Roll::default();
        for wanted in one.enumerators() {
            let wanted = wanted?.name;
            let essential = essential_name(wanted.as_bytes());
            let mut found = None;
            for at in roll.places(names.len()) {
                self.count(one.id())?;
                if names.get(at) == Some(&essential) {
                    found = Some(at);
                    break;
                }
            }
            match found {
                Some(at) => roll.found(at),
                None => return Ok(Some(ClashKind::Enumerator(wanted))),
            }
        }
        Ok((one.vlen() > two.vlen()).then_some(ClashKind::Fewer))
    }

    fn count(&mut self, id: TypeId) -> Result<(), Error> {
        let what = "the comparison of its members";
        self.left = self.left.checked_sub(1).ok_or(Error::TooLarge { id, what })?;
        Ok(())
    }
}

/// Types that lead to no others: how they differ, if they do.
fn plain<'a>(one: &Type<'_>, two: &Type<'_>, behind: bool) -> Option<ClashKind<'a>> {
    let same = one.kind() == two.kind();
    let fits = match one.kind() {
        Kind::Void => same,
        Kind::Int if same => {
            if one.own_size() != two.own_size() {
                return Some(ClashKind::Size);
            }
            let signed = |ty: &Type<'_>| ty.int().is_some_and(|int| int.signed);
            if signed(one) != signed(two) {
                return Some(ClashKind::Sign);
            }
            true
        }
        Kind::Fwd if same => one.is_union_fwd() == two.is_union_fwd(),
        // A forward declaration stands for the struct or union of that name.
        Kind::Fwd if behind && one.is_union_fwd() => two.kind() == Kind::Union,
        Kind::Fwd if behind => two.kind() == Kind::Struct,
        Kind::Struct | Kind::Union if behind && two.kind() == Kind::Fwd => {
            (one.kind() == Kind::Union) == two.is_union_fwd()
        }
        Kind::Struct | Kind::Union => behind && same,
        _ => false,
    };
    (!fits).then_some(ClashKind::Kind)
}

/// The first member that a struct with fewer of them has not.
fn surplus<'a>(one: &Type<'a>, names: &[&[u8]]) -> ClashKind<'a> {
    let names: HashSet<&[u8]> = names.iter().copied().collect();
    let lacks = |name: &str| !names.contains(essential_name(name.as_bytes()));
    let member = one.members().flatten().find(|member| lacks(member.name));
    member.map_or(ClashKind::Fewer, |member| ClashKind::Member(member.name))
}

fn essential<'a>(ty: &Type<'a>) -> &'a [u8] {
    essential_name(ty.name().as_bytes())
}

fn length(ty: &Type<'_>) -> Option<u32> {
    ty.array().map(|array| array.len)
}

fn essential_names<'a>(ty: &Type<'a>) -> Vec<&'a [u8]> {
    let btf = ty.btf();
    let name = |at| essential_name(btf.string_bytes(at).unwrap_or_default());
    ty.element_names().map(name).collect()
}

/// Where to look next: members are mostly in the same order on both sides.
#[derive(Default)]
struct Roll {
    next: usize,
}

impl Roll {
    /// All places, from behind the last one found on and around.
    fn places(&self, count: usize) -> impl Iterator<Item = usize> + use<> {
        let start = self.next.min(count);
        (start..count).chain(0..start)
    }

    fn found(&mut self, at: usize) {
        self.next = at + 1;
    }
}
