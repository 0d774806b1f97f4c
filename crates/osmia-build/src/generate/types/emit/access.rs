//! What can be reached through an anonymous member as if it were its parent's own.

use std::collections::HashMap;
use std::rc::Rc;

use osmia_btf::TypeId;

use crate::generate::names::Claims;
use crate::generate::types::model::{Arm, Body, FieldKind, Item, Model, Struct, Ty, Union};

/// More than this is not written out.
const LIMIT: usize = 4096;

/// Something in a struct or union that has a name and a value.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    /// C's name as a Rust name.
    pub name: String,
    pub how: How,
}

#[derive(Clone, Debug)]
pub(crate) enum How {
    /// By a public field; characters also as text by a method of the field's name.
    Field { ty: Ty, text: bool },
    /// By methods with these names.
    Own { getter: String, setter: String, ty: Ty, is_bits: bool },
    /// By methods with these names, which reach into the member `part`.
    Through { getter: String, setter: String, part: String, inner: Rc<Access> },
}

impl Access {
    /// What is read and written at last.
    pub fn ty(&self) -> &Ty {
        match &self.how {
            How::Field { ty, .. } | How::Own { ty, .. } => ty,
            How::Through { inner, .. } => inner.ty(),
        }
    }

    /// Whether that is a bitfield.
    pub fn is_bits(&self) -> bool {
        match &self.how {
            How::Field { .. } => false,
            How::Own { is_bits, .. } => *is_bits,
            How::Through { inner, .. } => inner.is_bits(),
        }
    }
}

/// The accesses of all items of a model.
pub(crate) struct Accesses<'m> {
    model: &'m Model,
    known: HashMap<TypeId, Rc<Vec<Access>>>,
}

impl<'m> Accesses<'m> {
    pub fn new(model: &'m Model) -> Self {
        Self { model, known: HashMap::new() }
    }

    /// What an item gives access to: its own members and, behind them, those of its
    /// anonymous members. Nothing for enums.
    pub fn of(&mut self, id: TypeId) -> Rc<Vec<Access>> {
        if let Some(known) = self.known.get(&id) {
            return Rc::clone(known);
        }
        // Items nest at most as deeply as the collector lets them.
        let accesses =
            Rc::new(self.model.items.get(&id).map(|item| self.find(item)).unwrap_or_default());
        self.known.insert(id, Rc::clone(&accesses));
        accesses
    }

    fn find(&mut self, item: &Item) -> Vec<Access> {
        let mut methods = Claims::default();
        let (mut accesses, parts) = match &item.body {
            Body::Struct(body) => members(body, &mut methods),
            Body::Union(body) => arms(body, &mut methods),
            Body::Enum(_) | Body::Opaque => return Vec::new(),
        };
        let own_count = accesses.len();
        for (part, ty) in parts {
            let Ty::Item(id) = ty else { continue };
            for inner in self.of(*id).iter().take(LIMIT) {
                accesses.extend(through(part, inner, &mut methods));
            }
            accesses.truncate(LIMIT.max(own_count));
        }
        accesses
    }
}

/// An item's own members, and which of them are anonymous.
type Own<'i> = (Vec<Access>, Vec<(&'i str, &'i Ty)>);

fn members<'i>(body: &'i Struct, methods: &mut Claims) -> Own<'i> {
    let bits = body.bitfields.iter();
    let mut accesses: Vec<_> = bits.map(|bits| own(&bits.name, &bits.ty, true, methods)).collect();
    let mut parts = Vec::new();
    for field in &body.fields {
        let FieldKind::Member { ty, anonymous } = &field.kind else { continue };
        let text = matches!(ty, Ty::Chars(1..)) && methods.claim_exactly(&field.name);
        let how = How::Field { ty: ty.clone(), text };
        accesses.push(Access { name: field.name.clone(), how });
        parts.extend(anonymous.then_some((field.name.as_str(), ty)));
    }
    (accesses, parts)
}

fn arms<'i>(body: &'i Union, methods: &mut Claims) -> Own<'i> {
    let own = |arm: &Arm| own(&arm.name, &arm.ty, arm.bits.is_some(), methods);
    let accesses = body.arms.iter().map(own).collect();
    let anonymous = body.arms.iter().filter(|arm| arm.anonymous);
    (accesses, anonymous.map(|arm| (arm.name.as_str(), &arm.ty)).collect())
}

fn own(name: &str, ty: &Ty, is_bits: bool, methods: &mut Claims) -> Access {
    let getter = methods.claim(name, "_");
    let setter = methods.claim(&format!("set_{name}"), "_");
    Access { name: name.to_owned(), how: How::Own { getter, setter, ty: ty.clone(), is_bits } }
}

/// Reaches through a part. C lets no two members have the same name there; where a record
/// does, the first one wins.
fn through(part: &str, inner: &Access, methods: &mut Claims) -> Option<Access> {
    // The names that tell anonymous members apart are not C's.
    let is_anonymous =
        inner.name.strip_prefix("anon").is_some_and(|rest| rest.parse::<u32>().is_ok());
    let (getter, setter) = (inner.name.clone(), format!("set_{}", inner.name));
    if is_anonymous || !methods.claim_exactly(&getter) || !methods.claim_exactly(&setter) {
        return None;
    }
    let how = How::Through { getter, setter, part: part.to_owned(), inner: Rc::new(inner.clone()) };
    Some(Access { name: inner.name.clone(), how })
}
