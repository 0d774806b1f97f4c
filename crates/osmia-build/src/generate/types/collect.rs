//! From BTF to the model: the types that were asked for, and those that they are made of.

use osmia_btf::{Btf, Kind, Type, TypeId};

use crate::error::Error;
use crate::generate::names::{self, Claims};
use crate::generate::types::layout::{self, Member, Shape};
use crate::generate::types::model::{
    Arm, Bitfield, Body, Constant, Enum, Item, Model, Pointee, Ty, Union,
};

/// Deeper nests than this are circles, or made to hurt.
const DEPTH: u32 = 64;

/// No comment is looked for that is about what is inside so many others with names.
const LONGEST_PATH: usize = 1024;

/// Names that generated code itself needs, and those of Rust's prelude, which code that imports all of a module needs.
const TAKEN: &[&str] = &[
    "Bool",
    "Chars",
    "FromBytes",
    "Immutable",
    "IntoBytes",
    "KnownLayout",
    "Pad",
    "Ptr",
    "AsMut",
    "AsRef",
    "Box",
    "Clone",
    "Copy",
    "Default",
    "Drop",
    "Eq",
    "Err",
    "Extend",
    "Fn",
    "FnMut",
    "FnOnce",
    "From",
    "FromIterator",
    "Into",
    "Iterator",
    "None",
    "Ok",
    "Option",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Result",
    "Send",
    "Sized",
    "Some",
    "String",
    "Sync",
    "ToOwned",
    "ToString",
    "TryFrom",
    "TryInto",
    "Unpin",
    "Vec",
];

/// What a type without a name is called.
struct Hint {
    rust: String,
    /// What it is in C, for documentation.
    c: String,
    /// Where comments tell of it.
    path: String,
}

impl Hint {
    /// For types that have a name.
    fn none() -> Self {
        Self { rust: String::new(), c: String::new(), path: String::new() }
    }
}

/// Walks from the types that were asked for to all that they contain.
pub(crate) struct Collector<'a> {
    btf: &'a Btf,
    names: Claims,
    /// `None` stands for what is being walked.
    items: indexmap::IndexMap<TypeId, Option<Item>>,
    /// What pointers point to.
    pointed: Vec<TypeId>,
}

impl<'a> Collector<'a> {
    pub fn new(btf: &'a Btf) -> Self {
        let names = Claims::of(TAKEN);
        Self { btf, names, items: indexmap::IndexMap::new(), pointed: Vec::new() }
    }

    /// The Rust type for a type, which is called `name` if it has no name in C; `what` says
    /// then what it is.
    pub fn ask(&mut self, id: TypeId, name: &str, what: &str) -> Result<Ty, Error> {
        let hint = Hint { rust: names::camel(name), c: what.to_owned(), path: String::new() };
        self.ty(id, &hint, DEPTH).map(|(ty, _)| ty)
    }

    /// Everything that was met.
    pub fn finish(mut self) -> Result<Model, Error> {
        for id in std::mem::take(&mut self.pointed) {
            if !self.items.contains_key(&id) {
                let ty = self.btf.ty(id)?;
                let item = self.begin(&ty, &Hint::none())?;
                self.items.insert(id, Some(Item { body: Body::Opaque, ..item }));
            }
        }
        let items = self.items.into_iter().filter_map(|(id, item)| Some((id, item?)));
        Ok(Model { items: items.collect() })
    }

    fn ty(&mut self, id: TypeId, hint: &Hint, depth: u32) -> Result<(Ty, Shape), Error> {
        let too_deep = osmia_btf::Error::TooDeep { id, limit: DEPTH };
        let depth = depth.checked_sub(1).ok_or(too_deep)?;
        let ty = self.btf.ty(id)?;
        match ty.kind() {
            Kind::Typedef if !ty.name().is_empty() => {
                let target = ty.target().unwrap_or_default();
                let (rust, c) = (names::camel(ty.name()), format!("`{}`", names::shown(ty.name())));
                let path = ty.name().to_owned();
                self.ty(target, &Hint { rust, c, path }, depth)
            }
            kind if kind.is_modifier() || kind == Kind::Var => {
                self.ty(ty.target().unwrap_or_default(), hint, depth)
            }
            Kind::Array => self.array(&ty, hint, depth),
            Kind::Struct | Kind::Union | Kind::Enum | Kind::Enum64 => self.item(&ty, hint, depth),
            Kind::Ptr => {
                let pointee = self.pointee(ty.target().unwrap_or_default(), depth)?;
                Ok((Ty::Pointer(pointee), scalar(8)))
            }
            Kind::Int | Kind::Float => {
                let ty = number(&ty);
                let size = self.btf.size_of(id)?;
                Ok((ty.clone(), Shape { rust_align: alone(&ty, size), ..scalar(size) }))
            }
            Kind::Fwd => Err(Error::Undefined { ty: written(&ty) }),
            kind => Err(osmia_btf::Error::Unsized { id, kind }.into()),
        }
    }

    fn array(&mut self, ty: &Type<'_>, hint: &Hint, depth: u32) -> Result<(Ty, Shape), Error> {
        let Some(array) = ty.array() else {
            return Err(osmia_btf::Error::Unsized { id: ty.id(), kind: ty.kind() }.into());
        };
        let (element, shape) = self.ty(array.element, hint, depth)?;
        let too_large = osmia_btf::Error::TooLarge { id: ty.id(), what: "its size" };
        let size = shape.size.checked_mul(array.len).ok_or(too_large)?;
        let of_chars = is_char(&self.btf.resolve(array.element)?);
        let ty = if of_chars { Ty::Chars(array.len) } else { Ty::Array(element.into(), array.len) };
        Ok((ty, Shape { size, ..shape }))
    }

    /// What a pointer points to, without walking into it: pointers lead to most of a kernel.
    fn pointee(&mut self, id: TypeId, depth: u32) -> Result<Pointee, Error> {
        let ty = self.btf.resolve(id)?;
        Ok(match ty.kind() {
            Kind::FuncProto => Pointee::Function,
            Kind::Struct | Kind::Union | Kind::Enum | Kind::Enum64 | Kind::Fwd
                if !ty.name().is_empty() =>
            {
                self.pointed.push(ty.id());
                Pointee::Ty(Ty::Item(ty.id()).into())
            }
            Kind::Ptr | Kind::Int | Kind::Float => {
                let (ty, _) = self.ty(ty.id(), &Hint::none(), depth)?;
                Pointee::Ty(ty.into())
            }
            _ => Pointee::Void,
        })
    }

    fn item(&mut self, ty: &Type<'_>, hint: &Hint, depth: u32) -> Result<(Ty, Shape), Error> {
        let id = ty.id();
        match self.items.get(&id) {
            None => {}
            Some(None) => return Err(osmia_btf::Error::TooDeep { id, limit: DEPTH }.into()),
            Some(Some(item)) => return Ok((Ty::Item(id), shape(item))),
        }
        // Takes its place and its name before what it contains.
        self.items.insert(id, None);
        let mut item = self.begin(ty, hint)?;
        match ty.kind() {
            Kind::Struct => self.structure(ty, &mut item, depth)?,
            Kind::Union => self.union(ty, &mut item, depth)?,
            _ => item.body = Body::Enum(enumeration(ty)?),
        }
        let shape = shape(&item);
        self.items.insert(id, Some(item));
        Ok((Ty::Item(id), shape))
    }

    fn begin(&mut self, ty: &Type<'_>, hint: &Hint) -> Result<Item, Error> {
        let (name, c_name, path) = match ty.name() {
            "" => (hint.rust.clone(), hint.c.clone(), hint.path.clone()),
            name => {
                let path = format!("{} {name}", keyword(ty));
                (names::camel(name), format!("`{}`", written(ty)), path)
            }
        };
        let name = self.names.claim(&name, "");
        let size = ty.own_size().unwrap_or_default();
        if ty.is_enum() && number_of(size, true).is_none() {
            return Err(osmia_btf::Error::TooLarge { id: ty.id(), what: "its size" }.into());
        }
        let (align, body) = (size.max(1), Body::Opaque);
        Ok(Item { name, c_name, path, size, align, has_float: false, body })
    }

    fn structure(&mut self, ty: &Type<'_>, item: &mut Item, depth: u32) -> Result<(), Error> {
        let members = self.members(ty, item, depth)?;
        item.align = layout::align(item.size, &members);
        item.has_float = members.iter().any(|member| self.has_float(&member.ty));
        let layout = layout::lay_out(item.size, item.align, members);
        let contradiction = |problem| Error::Layout { ty: item.c_name.clone(), problem };
        item.body = Body::Struct(layout.map_err(contradiction)?);
        Ok(())
    }

    fn union(&mut self, ty: &Type<'_>, item: &mut Item, depth: u32) -> Result<(), Error> {
        let members = self.members(ty, item, depth)?;
        item.align = layout::align(item.size, &members);
        let outside = |member: &Member| {
            member.at != 0 && member.width.is_none() || member.end() > u64::from(item.size) * 8
        };
        if let Some(member) = members.iter().find(|member| outside(member)) {
            let problem = format!("member `{}` is larger than the whole", member.name);
            return Err(Error::Layout { ty: item.c_name.clone(), problem });
        }
        let arm = |member: Member| {
            let Member { name, anonymous, ty, at, width, .. } = member;
            let bits = width.map(|width| Bitfield {
                name: name.clone(),
                storage: None,
                at,
                width,
                ty: ty.clone(),
            });
            Arm { name, ty, anonymous, bits }
        };
        item.body = Body::Union(Union { arms: members.into_iter().map(arm).collect() });
        Ok(())
    }

    fn members(&mut self, ty: &Type<'_>, item: &Item, depth: u32) -> Result<Vec<Member>, Error> {
        let mut claims = Claims::default();
        let mut members = Vec::new();
        let mut anonymous_count = 0;
        for member in ty.members() {
            let member = member?;
            let anonymous = member.name.is_empty();
            let c_name =
                if anonymous { format!("anon{anonymous_count}") } else { member.name.to_owned() };
            anonymous_count += u32::from(anonymous);
            let rust = names::inside(&item.name, &names::camel(&c_name));
            let outer = names::cut(item.c_name.chars());
            let c = format!("the type of `{}` in {outer}", names::shown(&c_name));
            let path = match item.path.as_str() {
                path if path.is_empty() || path.len() + c_name.len() > LONGEST_PATH => {
                    String::new()
                }
                path => format!("{path}.{c_name}"),
            };
            let hint = Hint { rust, c, path };
            let (ty, shape) = self.ty(member.ty, &hint, depth)?;
            let bits = osmia_btf::Bitfield::of(self.btf, &member)?;
            let at = bits.map_or(member.offset, |bits| bits.offset).0;
            let width = bits.map(|bits| bits.width);
            let name = claims.claim(&names::plain(&c_name), "_");
            members.push(Member { name, anonymous, ty, shape, at, width });
        }
        Ok(members)
    }

    fn has_float(&self, ty: &Ty) -> bool {
        match ty {
            Ty::Float(_) => true,
            Ty::Array(element, _) => self.has_float(element),
            Ty::Item(id) => {
                self.items.get(id).and_then(Option::as_ref).is_some_and(|item| item.has_float)
            }
            _ => false,
        }
    }
}

/// The word that C has in front of a type's name.
fn keyword(ty: &Type<'_>) -> &'static str {
    match ty.kind() {
        Kind::Union => "union",
        Kind::Fwd if ty.is_union_fwd() => "union",
        Kind::Struct | Kind::Fwd => "struct",
        _ => "enum",
    }
}

/// A struct, union or enum as C writes it, for messages and documentation.
fn written(ty: &Type<'_>) -> String {
    format!("{} {}", keyword(ty), names::shown(ty.name()))
}

fn shape(item: &Item) -> Shape {
    Shape { size: item.size, align: item.align, rust_align: item.align }
}

/// Scalars are aligned to their size.
fn scalar(size: u32) -> Shape {
    let align = if size.is_power_of_two() && size <= 16 { size } else { 1 };
    Shape { size, align, rust_align: align }
}

/// The alignment that Rust gives a scalar.
fn alone(ty: &Ty, size: u32) -> u32 {
    if matches!(ty, Ty::Bytes(_)) { 1 } else { scalar(size).align }
}

fn number(ty: &Type<'_>) -> Ty {
    let size = ty.own_size().unwrap_or_default();
    match ty.int() {
        None if size == 4 || size == 8 => Ty::Float(size),
        None => Ty::Bytes(size),
        Some(int) if int.is_bool && size == 1 => Ty::Bool,
        Some(int) => {
            let signed = int.signed && !is_char(ty);
            number_of(size, signed).unwrap_or(Ty::Bytes(size))
        }
    }
}

fn number_of(size: u32, signed: bool) -> Option<Ty> {
    matches!(size, 1 | 2 | 4 | 8 | 16).then_some(Ty::Int { size, signed })
}

/// Whether this is `char`, as against `signed char` and `unsigned char`.
fn is_char(ty: &Type<'_>) -> bool {
    ty.int()
        .is_some_and(|int| int.size == 1 && (ty.name() == "char" || int.is_char && !int.is_bool))
}

fn enumeration(ty: &Type<'_>) -> Result<Enum, Error> {
    let mut claims = Claims::default();
    let mut constants = Vec::new();
    // clang 14 and older keep 32 bits of 64.
    let cut_off = ty.kind() == Kind::Enum && ty.own_size() == Some(8);
    for value in ty.enumerators().take(if cut_off { 0 } else { usize::MAX }) {
        let value = value?;
        let rust = claims.claim(&names::plain(value.name), "_");
        constants.push(Constant { rust, c: names::shown(value.name), value: value.value() });
    }
    Ok(Enum { signed: ty.is_signed_enum(), cut_off, constants })
}
