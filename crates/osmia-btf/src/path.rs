//! Parts of types by their path: `a.b[3].c`.

use crate::bitfield::Bitfield;
use crate::btf::Btf;
use crate::c;
use crate::error::Error;
use crate::id::{Bits, TypeId};
use crate::kind::Kind;
use crate::near::few_nearest;
use crate::ty::Type;

/// Where a part of a type is, and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its type.
    pub ty: TypeId,
    /// Where it begins, counted from the start of the whole.
    pub offset: Bits,
    /// Its width in bits, if it is a bitfield.
    pub bitfield: Option<u32>,
}

/// Why a path leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// The text is no path.
    #[error("{path:?} at character {at}: {problem}")]
    Syntax {
        /// The path.
        path: String,
        /// Where in it.
        at: usize,
        /// What is wrong.
        problem: &'static str,
    },
    /// A struct, union or data section does not have this part.
    #[error("{ty} has no {name}{}", Near(near))]
    NoMember {
        /// What was looked into.
        ty: String,
        /// What was looked for.
        name: String,
        /// Names that may have been meant.
        near: Vec<String>,
    },
    /// Something without members was asked for one.
    #[error("{ty} has no members, so no {name}")]
    NoMembers {
        /// What was looked into.
        ty: String,
        /// What was looked for.
        name: String,
    },
    /// Something else than an array was indexed, or an array beyond its end.
    #[error("{ty} has no element {index}")]
    NoElement {
        /// What was indexed.
        ty: String,
        /// By what.
        index: u32,
    },
    /// The types are broken.
    #[error(transparent)]
    Btf(#[from] Error),
}

impl Btf {
    /// The part of a type that a path leads to: members by name, those of unnamed ones
    /// among them, array elements by number, variables of a data section by name.
    ///
    /// # Errors
    /// The path leads nowhere; the error says where it stopped, and what is near.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use osmia_btf::{Bits, Btf, Kind};
    /// # let btf = Btf::parse(osmia_btf::doc_fixture(), None)?;
    /// let point = btf.find(Kind::Struct, "point")?.expect("it is there");
    /// let y = btf.member(point.id(), "y")?;
    /// assert_eq!(y.offset, Bits(32));
    /// assert_eq!(btf.ty(y.ty)?.name(), "int");
    /// # Ok(())
    /// # }
    /// ```
    pub fn member(&self, id: TypeId, path: &str) -> Result<Place, PathError> {
        let mut place = Place { ty: id, offset: Bits(0), bitfield: None };
        for step in Steps::new(path) {
            let (ty, start) = match step? {
                Step::Name(name) => {
                    let (ty, start, bitfield) = self.named_part(place.ty, name)?;
                    place.bitfield = bitfield;
                    (ty, start)
                }
                Step::Index(index) => self.element(place.ty, index)?,
            };
            let too_large = Error::TooLarge { id, what: "a member's offset" };
            place.offset = place.offset.0.checked_add(start).map(Bits).ok_or(too_large)?;
            place.ty = ty;
        }
        Ok(place)
    }

    fn named_part(&self, id: TypeId, name: &str) -> Result<(TypeId, u32, Option<u32>), PathError> {
        let ty = self.resolve(id)?;
        match ty.kind() {
            Kind::Struct | Kind::Union => {
                let Some((member, start)) = self.member_named(&ty, name)? else {
                    return Err(self.no_member(id, &ty, name)?);
                };
                Ok(match Bitfield::of(self, &member)? {
                    Some(field) => {
                        let within = field.offset.0.saturating_sub(member.offset.0);
                        (member.ty, start.0.saturating_add(within), Some(field.width))
                    }
                    None => (member.ty, start.0, None),
                })
            }
            Kind::DataSec => {
                for var in ty.section_vars() {
                    let variable = self.ty(var.var)?;
                    if variable.name() == name {
                        let too_large = Error::TooLarge { id, what: "a variable's offset" };
                        let start = var.offset.checked_mul(8).ok_or(too_large)?;
                        return Ok((var.var, start, None));
                    }
                }
                Err(self.no_member(id, &ty, name)?)
            }
            Kind::Var => self.named_part(ty.target().unwrap_or_default(), name),
            _ => Err(PathError::NoMembers { ty: c::title(self, id, "")?, name: name.to_owned() }),
        }
    }

    fn no_member(&self, id: TypeId, ty: &Type<'_>, name: &str) -> Result<PathError, Error> {
        let names = self.member_names(ty)?;
        let near =
            few_nearest(name, names.iter().copied()).into_iter().map(str::to_owned).collect();
        let is_section = ty.kind() == Kind::DataSec;
        let ty = if is_section { ty.name().to_owned() } else { c::title(self, id, "")? };
        Ok(PathError::NoMember { ty, name: name.to_owned(), near })
    }

    fn element(&self, id: TypeId, index: u32) -> Result<(TypeId, u32), PathError> {
        let mut ty = self.resolve(id)?;
        if ty.kind() == Kind::Var {
            ty = self.resolve(ty.target().unwrap_or_default())?;
        }
        // Flexible arrays have any element.
        let array = ty.array().filter(|array| array.len == 0 || index < array.len);
        let Some(array) = array else {
            return Err(PathError::NoElement { ty: c::title(self, id, "")?, index });
        };
        let bits = self.size_of(array.element)?.checked_mul(8).and_then(|b| b.checked_mul(index));
        let bits = bits.ok_or(Error::TooLarge { id, what: "an element's offset" })?;
        Ok((array.element, bits))
    }
}

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step<'p> {
    Name(&'p str),
    Index(u32),
}

/// The steps of a path.
struct Steps<'p> {
    path: &'p str,
    at: usize,
}

impl<'p> Steps<'p> {
    fn new(path: &'p str) -> Self {
        Self { path, at: 0 }
    }

    fn problem(&mut self, problem: &'static str) -> PathError {
        let at = std::mem::replace(&mut self.at, self.path.len());
        PathError::Syntax { path: self.path.to_owned(), at, problem }
    }

    fn index(&mut self, rest: &str) -> Result<Step<'p>, PathError> {
        let Some(end) = rest.find(']') else { return Err(self.problem("`]` is missing")) };
        let index = rest.get(1..end).and_then(|digits| digits.parse().ok());
        let Some(index) = index else { return Err(self.problem("this is no index")) };
        self.at += end + 1;
        Ok(Step::Index(index))
    }
}

impl<'p> Iterator for Steps<'p> {
    type Item = Result<Step<'p>, PathError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.path.get(self.at..).filter(|rest| !rest.is_empty())?;
        if rest.starts_with('[') {
            return Some(self.index(rest));
        }
        let name = match rest.strip_prefix('.') {
            Some(name) if self.at > 0 => {
                self.at += 1;
                name
            }
            None if self.at == 0 => rest,
            _ => return Some(Err(self.problem("`.` or `[` is missing"))),
        };
        let len = name.find(['.', '[']).unwrap_or(name.len());
        if len == 0 {
            return Some(Err(self.problem("a name is missing")));
        }
        self.at += len;
        Some(Ok(Step::Name(name.get(..len).unwrap_or_default())))
    }
}

/// What there is instead.
struct Near<'a>(&'a [String]);

impl std::fmt::Display for Near<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() {
            Ok(())
        } else {
            write!(f, "; near it there is {}", self.0.join(", "))
        }
    }
}
