//! Why a candidate is none, while it is looked for: nothing owned, nothing formatted.

use crate::id::TypeId;

/// What a candidate lacks. Type ids are the local BTF's or the candidate's, as the fields say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mismatch<'a> {
    /// A type of the candidate has no such member.
    NoMember { member: &'a str, of: TypeId },
    /// A type of the candidate has no members at all.
    NotComposite { member: &'a str, of: TypeId },
    /// The member is there, but of an incompatible type.
    MemberType { member: &'a str, local: TypeId, target: TypeId },
    /// An element is asked for, but the candidate has no array there.
    NotArray { target: TypeId },
    /// The candidate's array is too short.
    Bounds { index: u32, len: u32 },
    /// The candidate is no enum.
    NotEnum,
    /// The candidate's enum has no such enumerator.
    NoEnumerator { name: &'a str },
    /// Types as such do not go together.
    Types(Clash<'a>),
}

/// Two types that do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clash<'a> {
    pub local: TypeId,
    pub target: TypeId,
    pub why: ClashKind<'a>,
}

/// In what two types differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClashKind<'a> {
    /// Kinds that do not go together.
    Kind,
    /// Names, flavours not counted.
    Name,
    /// Bytes.
    Size,
    /// Signedness of integers.
    Sign,
    /// Old-style bitfields go with nothing.
    Bitfield,
    /// Lengths of arrays.
    Length,
    /// Counts of parameters.
    Parameters,
    /// The local struct has a member that the target's has not, or not of that type.
    Member(&'a str),
    /// The local enum has an enumerator that the target's has not.
    Enumerator(&'a str),
    /// The target's has fewer members or enumerators.
    Fewer,
}
