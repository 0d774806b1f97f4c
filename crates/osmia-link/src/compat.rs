//! Whether a declaration and a definition say the same.

use std::collections::HashSet;

use osmia_btf::{Btf, Error as BtfError, Kind, Type, TypeId};

use crate::budget::Budget;
use crate::error::Error;

/// What looking at a pair of types takes off the budget.
const STEP: u64 = 64;

/// The difference of a definition's type and a declaration's in words; `None` if they are the
/// same to a user of either.
///
/// Qualifiers, typedefs and signs do not count. Behind pointers names do, and contents do not: files
/// that only pass a pointer on may know less of what it points to.
pub(crate) fn difference(
    btf: &Btf,
    one: TypeId,
    other: TypeId,
    budget: &Budget,
) -> Result<Option<String>, Error> {
    let mut walk = Walk { btf, open: vec![(one, other, true)], seen: HashSet::new() };
    while let Some((one, other, exact)) = walk.open.pop() {
        if !walk.seen.insert((one, other, exact)) {
            continue;
        }
        budget.charge(STEP)?;
        let resolved = |id| btf.resolve(id).map_err(Error::merged);
        let (a, b) = (resolved(one)?, resolved(other)?);
        if a.id() == b.id() {
            continue;
        }
        if let Some(difference) = walk.step(&a, &b, exact).map_err(Error::merged)? {
            return Ok(Some(difference));
        }
    }
    Ok(None)
}

struct Walk<'a> {
    btf: &'a Btf,
    /// Pairs that must be the same, and whether their contents must be, too.
    open: Vec<(TypeId, TypeId, bool)>,
    seen: HashSet<(TypeId, TypeId, bool)>,
}

impl Walk<'_> {
    fn step(
        &mut self,
        a: &Type<'_>,
        b: &Type<'_>,
        exact: bool,
    ) -> Result<Option<String>, BtfError> {
        let kinds = (a.kind(), b.kind());
        if matches!(kinds, (Kind::Fwd, _) | (_, Kind::Fwd)) {
            let composite = a.kind() == Kind::Fwd && b.is_composite()
                || b.kind() == Kind::Fwd && a.is_composite()
                || a.kind() == b.kind();
            return Ok(if composite && a.name() == b.name() { None } else { Some(self.say(a, b)) });
        }
        if a.is_enum() && b.is_enum() {
            let same = a.name() == b.name() && a.own_size() == b.own_size();
            return Ok(if same { None } else { Some(self.say(a, b)) });
        }
        if a.kind() != b.kind() {
            return Ok(Some(self.say(a, b)));
        }
        match a.kind() {
            // Files do not agree on signs: `__u32` and `int` are the same four bytes.
            Kind::Int | Kind::Float => {
                let same = a.own_size() == b.own_size();
                Ok(if same { None } else { Some(self.say(a, b)) })
            }
            Kind::Ptr => {
                self.pair(a.target(), b.target(), false);
                Ok(None)
            }
            Kind::Array => Ok(self.arrays(a, b, exact)),
            Kind::Struct | Kind::Union => self.composites(a, b, exact),
            Kind::FuncProto => self.prototypes(a, b, exact),
            Kind::Func | Kind::Var => {
                self.pair(a.target(), b.target(), exact);
                Ok(None)
            }
            _ => Ok(Some(self.say(a, b))),
        }
    }

    fn pair(&mut self, one: Option<TypeId>, other: Option<TypeId>, exact: bool) {
        self.open.push((one.unwrap_or_default(), other.unwrap_or_default(), exact));
    }

    fn arrays(&mut self, a: &Type<'_>, b: &Type<'_>, exact: bool) -> Option<String> {
        let (Some(one), Some(other)) = (a.array(), b.array()) else { return Some(self.say(a, b)) };
        // `extern int table[];` leaves the count to the definition.
        if one.len != 0 && other.len > one.len {
            return Some(self.say(a, b));
        }
        self.open.push((one.element, other.element, exact));
        None
    }

    fn composites(
        &mut self,
        a: &Type<'_>,
        b: &Type<'_>,
        exact: bool,
    ) -> Result<Option<String>, BtfError> {
        if a.name() != b.name() {
            return Ok(Some(self.say(a, b)));
        }
        if !exact && !a.name().is_empty() {
            return Ok(None);
        }
        let sizes = (a.own_size().unwrap_or(0), b.own_size().unwrap_or(0));
        if sizes.0 != sizes.1 {
            let what = self.name(a);
            let text = format!("{what} has {} bytes in the one, {} in the other", sizes.0, sizes.1);
            return Ok(Some(text));
        }
        if a.vlen() != b.vlen() {
            return Ok(Some(format!("{} has other members", self.name(a))));
        }
        for (one, other) in a.members().zip(b.members()) {
            let (one, other) = (one?, other?);
            let places = (one.name, one.offset, one.bitfield);
            if places != (other.name, other.offset, other.bitfield) {
                let (what, names) = (self.name(a), (one.name, other.name));
                return Ok(Some(format!("member {} of {what} is {} elsewhere", names.0, names.1)));
            }
            self.open.push((one.ty, other.ty, exact));
        }
        Ok(None)
    }

    fn prototypes(
        &mut self,
        a: &Type<'_>,
        b: &Type<'_>,
        exact: bool,
    ) -> Result<Option<String>, BtfError> {
        if a.vlen() != b.vlen() {
            return Ok(Some(self.say(a, b)));
        }
        self.pair(a.target(), b.target(), exact);
        for (one, other) in a.params().zip(b.params()) {
            self.open.push((one?.ty, other?.ty, exact));
        }
        Ok(None)
    }

    fn say(&self, a: &Type<'_>, b: &Type<'_>) -> String {
        format!("'{}' and '{}'", self.name(a), self.name(b))
    }

    /// What messages call a type.
    fn name(&self, ty: &Type<'_>) -> String {
        osmia_btf::c::title(self.btf, ty.id(), "")
            .unwrap_or_else(|_| format!("{} {}", ty.kind(), ty.name()))
    }
}
