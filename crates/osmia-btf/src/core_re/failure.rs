//! Why a target has no answer to a relocation, for people.

use std::fmt;

use crate::core_re::kind::CoreKind;
use crate::core_re::resolution::Found;
use crate::flavour::essential_text;

/// Why a target has no answer to a relocation, or one that its instruction cannot take.
///
/// `{}` is one sentence; `{:#}` adds what was asked, what else was considered, and what
/// to do, a line each.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// What was asked.
    pub kind: CoreKind,
    /// The type that the access begins with, as C names it: `struct iov_iter`.
    pub root: String,
    /// What it was asked of, as C would write it: `struct iov_iter.iov`.
    pub subject: String,
    /// The target that was searched, by name.
    pub target: String,
    /// What was considered, and why each was no answer.
    pub rejected: Vec<Rejected>,
    /// Modules that could not be searched, and why.
    pub unreadable: Vec<String>,
    /// What may have been meant, and what to do.
    pub hints: Vec<Hint>,
}

/// A type that was considered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejected {
    /// Where it is.
    pub found: Found,
    /// Its name, as C has it.
    pub name: String,
    /// What the BTF that has it is called.
    pub target: String,
    /// What it lacks.
    pub cause: Cause,
}

/// What a candidate lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// A type has no such member.
    NoMember {
        /// The member.
        member: String,
        /// The type, as C names it.
        of: String,
        /// Members that may have been meant.
        near: Vec<String>,
    },
    /// A type that has no members.
    NotComposite {
        /// The member asked for.
        member: String,
        /// The type, as C names it.
        of: String,
    },
    /// The member is there, but its type cannot stand for the object's.
    MemberType {
        /// The member.
        member: String,
        /// Its type in the object.
        local: String,
        /// Its type in the target.
        target: String,
    },
    /// There is no array to take an element of.
    NotArray {
        /// The type that is there instead.
        target: String,
    },
    /// The array is too short.
    Bounds {
        /// The element asked for.
        index: u32,
        /// How many there are.
        len: u32,
    },
    /// The type is no enum.
    NotEnum,
    /// The enum has no such enumerator.
    NoEnumerator {
        /// The enumerator.
        name: String,
        /// Enumerators that may have been meant.
        near: Vec<String>,
    },
    /// Types as such do not go together.
    Types {
        /// The object's type, as C names it.
        local: String,
        /// The target's type.
        target: String,
        /// In what they differ.
        why: String,
    },
    /// The field is of another width, and a load of that width would not keep its value.
    Width {
        /// Bytes and type in the object.
        local: String,
        /// Bytes and type in the target.
        target: String,
    },
    /// It would do, but an earlier relocation of the same type of the object did not
    /// fit it, but another one.
    RuledOut,
    /// The candidate's BTF is broken.
    Broken(String),
}

/// What may have been meant, or what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hint {
    /// Two underscores (or more than three) are no flavour.
    Underscores {
        /// The name as it is.
        found: String,
        /// The name with three underscores.
        meant: String,
    },
    /// The target has the name, but for another kind of type.
    OtherKind(String),
    /// The target has a type of nearly the same name.
    NearType(String),
    /// The member is elsewhere, or has a new name: read it through a flavour.
    Flavour {
        /// The member as it is now.
        member: String,
        /// A name for the flavour, `struct` or `union` in front.
        flavour: String,
    },
    /// Read a field of a width that is not known beforehand.
    AnyWidth,
    /// Ask before reading.
    Guard(&'static str),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rejected.as_slice() {
            [] => write!(f, "{} has no `{}`", self.target, essential_text(&self.root))?,
            [only] => write!(f, "{only}")?,
            [first, rest @ ..] => write!(f, "{first} (and {} more of that name)", rest.len())?,
        }
        if !f.alternate() {
            return Ok(());
        }
        write!(f, "\n  asked: {} `{}`", self.kind.words(), self.subject)?;
        for rejected in self.rejected.iter().skip(1) {
            write!(f, "\n  also: type {}: {rejected}", rejected.found.ty)?;
        }
        for unreadable in &self.unreadable {
            write!(f, "\n  not searched: {unreadable}")?;
        }
        for hint in &self.hints {
            write!(f, "\n  help: {hint}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, target, cause, .. } = self;
        match cause {
            Cause::NoMember { of, .. } | Cause::NotComposite { of, .. } if of == name => {
                write!(f, "`{name}` of {target} {cause}")
            }
            Cause::NoMember { of, .. } | Cause::NotComposite { of, .. } => {
                write!(f, "`{of}`, in `{name}` of {target}, {cause}")
            }
            Cause::NoEnumerator { .. } | Cause::NotEnum => {
                write!(f, "`{name}` of {target} {cause}")
            }
            _ => write!(f, "in `{name}` of {target}, {cause}"),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMember { member, near, .. } => {
                write!(f, "has no member `{member}`")?;
                write_near(f, near)
            }
            Self::NotComposite { member, .. } => write!(f, "has no members, so no `{member}`"),
            Self::MemberType { member, local, target } => {
                write!(f, "member `{member}` is of type `{target}`, not `{local}`")
            }
            Self::NotArray { target } => write!(f, "there is `{target}` instead of an array"),
            Self::Bounds { index, len } => {
                write!(f, "element {index} is behind the end of an array of {len}")
            }
            Self::NotEnum => f.write_str("is no enum"),
            Self::NoEnumerator { name, near } => {
                write!(f, "has no enumerator `{name}`")?;
                write_near(f, near)
            }
            Self::Types { local, target, why } => {
                write!(f, "`{target}` does not go with `{local}`: {why}")
            }
            Self::Width { local, target } => write!(
                f,
                "the field is {target}, not {local}, and a load or store of that width would \
                 change its value"
            ),
            Self::RuledOut => f.write_str(
                "it is there, but earlier accesses by the same type of the object fit another type \
                 of that name only",
            ),
            Self::Broken(error) => write!(f, "the BTF is broken: {error}"),
        }
    }
}

fn write_near(f: &mut fmt::Formatter<'_>, near: &[String]) -> fmt::Result {
    for (at, name) in near.iter().enumerate() {
        write!(f, "{} `{name}`", if at == 0 { "; near it there is" } else { "," })?;
    }
    Ok(())
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Underscores { found, meant } => write!(
                f,
                "`{found}` is no flavour: a flavour needs three underscores, as in `{meant}`"
            ),
            Self::OtherKind(name) => {
                write!(f, "the target has `{name}`, which is another kind of type")
            }
            Self::NearType(name) => write!(f, "the target has `{name}`"),
            Self::Flavour { member, flavour } => write!(
                f,
                "for targets that have `{member}`, declare `{flavour}` with it (and with \
                 `__attribute__((preserve_access_index))`) and read it there"
            ),
            Self::AnyWidth => f.write_str(
                "read it with `BPF_CORE_READ_BITFIELD()`, which takes integers of any width",
            ),
            Self::Guard(guard) => {
                write!(f, "guard it with `{guard}`, so that targets without it do not run it")
            }
        }
    }
}
