//! What must stand in front of a definition.

use crate::btf::Btf;
use crate::c::writer::{DEPTH, deeper};
use crate::error::Error;
use crate::id::TypeId;
use crate::kind::Kind;
use crate::ty::Type;

/// Longer chains of pointers, arrays and typedefs are circles, or made to hurt.
const STEPS: u32 = 64;

/// How far the text has come with a type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    New,
    /// There is a forward declaration.
    Declared,
    /// What it needs is being written.
    Open,
    /// As `Open`, with a forward declaration.
    OpenDeclared,
    Done,
}

/// What one type needs of another.
#[derive(Clone, Copy)]
pub(super) enum Need {
    /// Its whole definition.
    Definition(TypeId),
    /// Its name.
    Declaration(TypeId),
}

/// A struct, union or prototype that stands within a definition and is still to be
/// looked into.
struct Part {
    id: TypeId,
    depth: u32,
}

/// Finds out what types need.
pub(super) struct Needs<'a> {
    btf: &'a Btf,
    /// How far the text has come, by id.
    pub states: Vec<State>,
    /// Needs that are not met yet.
    pub list: Vec<Need>,
    parts: Vec<Part>,
    /// The last type for which a part was looked into, by the part's id.
    seen: Vec<TypeId>,
    /// How many parts came up, looked into before or not.
    asked: u64,
    /// By id: bit 0 if it needs nothing any more where it is pointed to, bit 1 where it
    /// is a part.
    met: Vec<u8>,
}

impl<'a> Needs<'a> {
    pub fn new(btf: &'a Btf) -> Result<Self, Error> {
        let count = btf.type_count()? as usize;
        Ok(Self {
            btf,
            states: vec![State::New; count],
            list: Vec::new(),
            parts: Vec::new(),
            seen: vec![TypeId::VOID; count],
            asked: 0,
            met: vec![0; count],
        })
    }

    pub fn state(&self, id: TypeId) -> State {
        self.states.get(id.0 as usize).copied().unwrap_or(State::Done)
    }

    /// Appends what the definition of a struct, union, enum or typedef needs, and what any
    /// other type needs to be named.
    pub fn find(&mut self, id: TypeId) -> Result<(), Error> {
        let ty = self.btf.ty_unnamed(id)?;
        self.parts.clear();
        match ty.kind() {
            Kind::Struct | Kind::Union => self.parts.push(Part { id, depth: DEPTH }),
            Kind::Enum | Kind::Enum64 => {}
            Kind::Typedef | Kind::Func => {
                self.follow(id, ty.target().unwrap_or_default(), false, DEPTH)?;
            }
            Kind::DataSec => {
                for var in ty.section_vars() {
                    self.follow(id, var.var, true, DEPTH)?;
                }
            }
            _ => self.follow(id, id, true, DEPTH)?,
        }
        while let Some(part) = self.parts.pop() {
            self.look_into(id, &part)?;
        }
        Ok(())
    }

    fn look_into(&mut self, owner: TypeId, part: &Part) -> Result<(), Error> {
        let ty = self.btf.ty_unnamed(part.id)?;
        for (member, named) in ty.member_types() {
            if named {
                self.follow(owner, member, true, part.depth)?;
            } else {
                // Its own members take its place.
                let id = self.btf.resolve(member)?.id();
                self.push(owner, id, part.depth)?;
            }
        }
        for param in ty.param_types() {
            self.follow(owner, param, false, part.depth)?;
        }
        Ok(())
    }

    /// Follows a type to where C can name it. `whole` says whether a value of it is a part
    /// of the owner, rather than something pointed to.
    fn follow(&mut self, owner: TypeId, id: TypeId, whole: bool, depth: u32) -> Result<(), Error> {
        let bit = 1 << u32::from(whole);
        if self.met.get(id.0 as usize).is_some_and(|met| met & bit != 0) {
            return Ok(());
        }
        let before = (self.list.len(), self.asked);
        self.follow_chain(owner, id, whole, depth)?;
        if before == (self.list.len(), self.asked) {
            if let Some(met) = self.met.get_mut(id.0 as usize) {
                *met |= bit;
            }
        }
        Ok(())
    }

    fn follow_chain(
        &mut self,
        owner: TypeId,
        first: TypeId,
        mut whole: bool,
        depth: u32,
    ) -> Result<(), Error> {
        let mut id = first;
        for _ in 0..STEPS {
            let ty = self.btf.ty_unnamed(id)?;
            let target = ty.target().unwrap_or_default();
            match ty.kind() {
                Kind::Void | Kind::Int | Kind::Float => return Ok(()),
                Kind::Ptr => (id, whole) = (target, false),
                Kind::Const
                | Kind::Volatile
                | Kind::Restrict
                | Kind::TypeTag
                | Kind::Func
                | Kind::Var
                | Kind::DeclTag => id = target,
                Kind::Array => {
                    // C wants to know its elements even of an array that is pointed to.
                    let element = ty.array().map_or(TypeId::VOID, |array| array.element);
                    (id, whole) = (element, true);
                }
                Kind::FuncProto => {
                    self.push(owner, id, depth)?;
                    (id, whole) = (target, false);
                }
                Kind::Typedef => {
                    self.add(Need::Definition(id));
                    if !whole {
                        return Ok(());
                    }
                    id = target;
                }
                _ => return self.arrive(owner, &ty, whole, depth),
            }
        }
        Err(Error::TooDeep { id: first, limit: STEPS })
    }

    /// Takes note of the type at the end of a chain.
    fn arrive(
        &mut self,
        owner: TypeId,
        ty: &Type<'a>,
        whole: bool,
        depth: u32,
    ) -> Result<(), Error> {
        let (id, kind) = (ty.id(), ty.kind());
        match kind {
            Kind::Struct | Kind::Union if !ty.is_named() => self.push(owner, id, depth)?,
            Kind::Struct | Kind::Union if whole => self.add(Need::Definition(id)),
            Kind::Struct | Kind::Union | Kind::Fwd => self.add(Need::Declaration(id)),
            Kind::Enum | Kind::Enum64 => {
                if ty.vlen() > 0 && ty.is_named() {
                    self.add(Need::Definition(id));
                }
            }
            _ => return Err(Error::Invalid { id, kind, problem: "has no counterpart in C" }),
        }
        Ok(())
    }

    fn add(&mut self, need: Need) {
        let (Need::Definition(id) | Need::Declaration(id)) = need;
        if self.state(id) != State::Done {
            self.list.push(need);
        }
    }

    /// Looks into a part later, unless its owner had it before.
    fn push(&mut self, owner: TypeId, id: TypeId, depth: u32) -> Result<(), Error> {
        let depth = deeper(owner, depth)?;
        self.asked += 1;
        if let Some(seen) = self.seen.get_mut(id.0 as usize) {
            if *seen != owner {
                *seen = owner;
                self.parts.push(Part { id, depth });
            }
        }
        Ok(())
    }
}
