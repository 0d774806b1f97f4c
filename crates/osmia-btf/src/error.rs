//! What can be wrong with a BTF.

use crate::id::TypeId;
use crate::kind::Kind;

/// Why BTF bytes, or a question about them, cannot be answered; says where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes do not start with BTF's magic number.
    #[error("not BTF: the first two bytes are {found:#06x}, not 0xeb9f in either byte order")]
    Magic {
        /// The first two bytes as a little-endian number.
        found: u16,
    },
    /// A format version that nobody has defined yet.
    #[error("BTF version {0} is not known (version 1 is)")]
    Version(u8),
    /// The bytes end before what their header promises.
    #[error("BTF {what} needs bytes {start}..{end}, but there are {len}")]
    Truncated {
        /// Which part.
        what: &'static str,
        /// Where it begins.
        start: u64,
        /// Where it would end.
        end: u64,
        /// How many bytes there are.
        len: u64,
    },
    /// The string section breaks a rule.
    #[error("BTF string section: {0}")]
    Strings(&'static str),
    /// A name's offset points outside of the string section, or at bytes that are no text.
    #[error("type {id}: name offset {offset} {problem}")]
    Name {
        /// The type whose record (or member) has the name.
        id: TypeId,
        /// The offset as stored.
        offset: u32,
        /// What is wrong there.
        problem: &'static str,
    },
    /// A record of a kind that nobody has defined yet, without a layout section that tells its size.
    #[error("type {id} at offset {offset} of the type section: kind {kind} is not known")]
    UnknownKind {
        /// The record's id.
        id: TypeId,
        /// Where in the type section it is.
        offset: u32,
        /// Its kind number.
        kind: u8,
    },
    /// A record runs over the end of the type section.
    #[error(
        "type {id} at offset {offset} of the type section: {kind} with {vlen} elements runs over the section's end ({len})"
    )]
    Record {
        /// The record's id.
        id: TypeId,
        /// Where in the type section it is.
        offset: u32,
        /// Its kind.
        kind: Kind,
        /// Its count of elements.
        vlen: u32,
        /// The type section's size.
        len: u32,
    },
    /// A type id that the BTF does not have.
    #[error("there is no type {id}: this BTF has {count} types")]
    NoSuchType {
        /// The id asked for.
        id: TypeId,
        /// How many types there are, `void` included.
        count: u32,
    },
    /// A type that has no size: a function, a forward declaration, `void`.
    #[error("type {id} ({kind}) has no size")]
    Unsized {
        /// The type.
        id: TypeId,
        /// Its kind.
        kind: Kind,
    },
    /// Types refer to each other in a circle, or nest too deeply.
    #[error("type {id}: more than {limit} types in a row refer to each other")]
    TooDeep {
        /// Where the walk began.
        id: TypeId,
        /// How many steps were taken.
        limit: u32,
    },
    /// A size or an offset that does not fit the format.
    #[error("type {id}: {what} is too large")]
    TooLarge {
        /// The type.
        id: TypeId,
        /// What would overflow.
        what: &'static str,
    },
    /// A record's contents contradict each other.
    #[error("type {id} ({kind}): {problem}")]
    Invalid {
        /// The type.
        id: TypeId,
        /// Its kind.
        kind: Kind,
        /// What is wrong.
        problem: &'static str,
    },
    /// A split BTF and its base do not have the same byte order.
    #[error("the base BTF has the other byte order")]
    ByteOrder,
    /// A question about a base to a BTF that has none.
    #[error("it is no split BTF: it has no base")]
    NoBase,
    /// What stands for a type in a distilled base is not found.
    #[error("type {id} of the distilled base: {kind} {name} {problem}")]
    Distilled {
        /// The type in the distilled base.
        id: TypeId,
        /// Its kind.
        kind: Kind,
        /// Its name.
        name: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// A type has itself as a part.
    #[error("type {id}: it has itself as a part, which C cannot say")]
    Circle {
        /// The type.
        id: TypeId,
    },
    /// The writer that text goes to failed.
    #[error("the text could not be written")]
    Output,
    /// The `.BTF.ext` section breaks a rule.
    #[error(".BTF.ext at offset {offset}: {problem}")]
    Ext {
        /// Where in the section.
        offset: usize,
        /// What is wrong.
        problem: &'static str,
    },
}
