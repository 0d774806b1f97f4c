//! Why a relocation cannot even be asked, or its answer not be used.

use crate::error::Error;
use crate::id::TypeId;
use crate::kind::Kind;

/// What is wrong with a relocation itself, as opposed to a target that has no answer for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CoreError {
    /// A BTF is broken where the relocation leads.
    #[error(transparent)]
    Btf(#[from] Error),
    /// A relocation kind that nobody has defined yet.
    #[error("CO-RE relocation kind {0} is not known (0 to 12 are)")]
    Kind(u32),
    /// The access string does not fit the type.
    #[error("CO-RE relocation of type {ty}: access string '{access}' {problem}")]
    Access {
        /// The type that the access begins with.
        ty: TypeId,
        /// The access string.
        access: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The type has no name to search the target for.
    #[error("CO-RE relocation of type {ty}: an anonymous {kind} has no name to look for")]
    Anonymous {
        /// The type.
        ty: TypeId,
        /// Its kind.
        kind: Kind,
    },
    /// The question makes no sense for what it is asked of.
    #[error("{question}: {problem}")]
    Senseless {
        /// The question in words.
        question: String,
        /// Why there is no answer.
        problem: &'static str,
    },
    /// Several types of the target answer differently.
    #[error(
        "{question} is ambiguous: {first} says {first_value}, {second} says {second_value}; \
         use a flavour whose members only one of them has"
    )]
    Ambiguous {
        /// The question in words.
        question: String,
        /// The first type.
        first: String,
        /// Its answer.
        first_value: String,
        /// A type that contradicts it.
        second: String,
        /// Its answer.
        second_value: String,
    },
    /// The instruction is none that a relocation can change.
    #[error("a CO-RE relocation cannot change an instruction with opcode {code:#04x}: {problem}")]
    Slot {
        /// The opcode.
        code: u8,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The instruction does not hold what the object's own types say it must.
    #[error("the instruction's {place} is {found}, but the object's own types say {expected}")]
    Stale {
        /// Which part of the instruction.
        place: &'static str,
        /// What is there.
        found: i64,
        /// What should be there.
        expected: i64,
    },
    /// The new value does not fit the instruction.
    #[error("{value} does not fit the instruction's {place}")]
    Range {
        /// Which part of the instruction.
        place: &'static str,
        /// The value.
        value: u64,
    },
}
