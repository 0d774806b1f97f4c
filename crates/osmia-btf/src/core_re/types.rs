//! Type-based relocations: whether types as such go together.

use std::collections::HashMap;

use crate::core_re::fields::{is_plain_int, same_kind};
use crate::core_re::mismatch::{Clash, ClashKind};
use crate::core_re::side::Side;
use crate::error::Error;
use crate::flavour::essential_name;
use crate::id::TypeId;
use crate::kind::Kind;
use crate::ty::Type;

/// Deeper nests of types are refused, as libbpf and the kernel do.
pub(super) const LEVELS: u32 = 32;

/// Whether two types go together, or why not.
pub(super) type Verdict<'a> = Result<(), Clash<'a>>;

/// Compares two types by their kinds alone, through pointers, arrays and the
/// parameters of prototypes; sizes, names and members do not count.
pub(super) fn compatible<'a>(
    local: Side<'a>,
    id: TypeId,
    target: Side<'a>,
    other: TypeId,
) -> Result<Verdict<'a>, Error> {
    // A typedef asked for must be found as a typedef; behind it they do not count.
    if !same_kind(&local.btf.ty(id)?, &target.btf.ty(other)?) {
        return Ok(Err(Clash { local: id, target: other, why: ClashKind::Kind }));
    }
    Compatibility { local, target, forwards: false, known: HashMap::new() }.of(id, other, LEVELS)
}

/// As [`compatible`], but a forward declaration stands for the struct or union of its name:
/// who declares a variable or a function of the kernel need not know all that it leads to.
pub(super) fn declarable<'a>(
    local: Side<'a>,
    id: TypeId,
    target: Side<'a>,
    other: TypeId,
) -> Result<Verdict<'a>, Error> {
    Compatibility { local, target, forwards: true, known: HashMap::new() }.of(id, other, LEVELS)
}

struct Compatibility<'a> {
    local: Side<'a>,
    target: Side<'a>,
    /// Whether forward declarations stand for what they declare.
    forwards: bool,
    /// Pairs already compared: prototypes may take each other many times over.
    known: HashMap<(TypeId, TypeId), Verdict<'a>>,
}

impl<'a> Compatibility<'a> {
    fn of(&mut self, id: TypeId, other: TypeId, level: u32) -> Result<Verdict<'a>, Error> {
        let key = (id, other);
        if let Some(&known) = self.known.get(&key) {
            return Ok(known);
        }
        let verdict = self.compare(id, other, level)?;
        self.known.insert(key, verdict);
        Ok(verdict)
    }

    fn compare(&mut self, id: TypeId, other: TypeId, level: u32) -> Result<Verdict<'a>, Error> {
        let (mut at, mut there) = (id, other);
        for _ in 0..LEVELS {
            let one = self.local.btf.resolve(at)?;
            let two = self.target.btf.resolve(there)?;
            let clash = |why| Ok(Err(Clash { local: one.id(), target: two.id(), why }));
            if !same_kind(&one, &two) {
                let fits = self.forwards && (declares(&one, &two) || declares(&two, &one));
                return if fits { Ok(Ok(())) } else { clash(ClashKind::Kind) };
            }
            match one.kind() {
                Kind::Void | Kind::Struct | Kind::Union | Kind::Enum | Kind::Enum64 | Kind::Fwd => {
                    return Ok(Ok(()));
                }
                Kind::Int if is_plain_int(&one) && is_plain_int(&two) => return Ok(Ok(())),
                Kind::Int => return clash(ClashKind::Bitfield),
                Kind::Ptr | Kind::Array => {}
                Kind::FuncProto if one.vlen() == two.vlen() => {
                    let level = level.checked_sub(1).ok_or(Error::TooDeep { id, limit: LEVELS })?;
                    for (one, two) in one.params().zip(two.params()) {
                        if let Err(clash) = self.of(one?.ty, two?.ty, level)? {
                            return Ok(Err(clash));
                        }
                    }
                }
                Kind::FuncProto => return clash(ClashKind::Parameters),
                _ => return clash(ClashKind::Kind),
            }
            (at, there) = (inner(&one), inner(&two));
        }
        Err(Error::TooDeep { id, limit: LEVELS })
    }
}

/// Whether one is the forward declaration of the other.
fn declares(one: &Type<'_>, two: &Type<'_>) -> bool {
    let kind = if one.is_union_fwd() { Kind::Union } else { Kind::Struct };
    let essential = |ty: &Type<'_>| essential_name(ty.name().as_bytes()).len();
    one.kind() == Kind::Fwd
        && two.kind() == kind
        && one.name().get(..essential(one)) == two.name().get(..essential(two))
}

/// What a pointer points to, an array holds, a prototype returns.
pub(super) fn inner(ty: &Type<'_>) -> TypeId {
    ty.array().map_or(ty.target().unwrap_or_default(), |array| array.element)
}
