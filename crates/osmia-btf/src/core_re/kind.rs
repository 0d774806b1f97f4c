//! What a relocation asks.

use std::fmt;

/// What a CO-RE relocation asks of the target's types: the kernel's `enum bpf_core_relo_kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CoreKind {
    /// Where a field begins, in bytes; for bitfields, where the integer begins that holds it.
    FieldByteOffset,
    /// How many bytes a field takes; for bitfields, the integer that holds it.
    FieldByteSize,
    /// Whether a field exists: 1 or 0.
    FieldExists,
    /// Whether a field is signed: 1 or 0.
    FieldSigned,
    /// By how many bits to shift a loaded 64-bit value left, so that the field ends at the top.
    FieldLshift,
    /// By how many bits to shift it right then.
    FieldRshift,
    /// The id of a type in the object's own BTF.
    TypeIdLocal,
    /// The id of a type in the target's BTF, or 0.
    TypeIdTarget,
    /// Whether a type exists: 1 or 0.
    TypeExists,
    /// How many bytes a type takes, or 0.
    TypeSize,
    /// Whether an enumerator exists: 1 or 0.
    EnumvalExists,
    /// An enumerator's value.
    EnumvalValue,
    /// Whether a type exists and has all that the local one has: 1 or 0.
    TypeMatches,
}

/// What a relocation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Field,
    Type,
    Enumerator,
}

impl CoreKind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 13] = [
        Self::FieldByteOffset,
        Self::FieldByteSize,
        Self::FieldExists,
        Self::FieldSigned,
        Self::FieldLshift,
        Self::FieldRshift,
        Self::TypeIdLocal,
        Self::TypeIdTarget,
        Self::TypeExists,
        Self::TypeSize,
        Self::EnumvalExists,
        Self::EnumvalValue,
        Self::TypeMatches,
    ];

    /// The kind for its number in a record.
    pub fn from_raw(raw: u32) -> Option<Self> {
        Self::ALL.get(raw as usize).copied()
    }

    /// Its number in a record.
    pub const fn raw(self) -> u32 {
        self as u32
    }

    /// The kernel's short name, e.g. `byte_off`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FieldByteOffset => "byte_off",
            Self::FieldByteSize => "byte_sz",
            Self::FieldExists => "field_exists",
            Self::FieldSigned => "signed",
            Self::FieldLshift => "lshift_u64",
            Self::FieldRshift => "rshift_u64",
            Self::TypeIdLocal => "local_type_id",
            Self::TypeIdTarget => "target_type_id",
            Self::TypeExists => "type_exists",
            Self::TypeSize => "type_size",
            Self::EnumvalExists => "enumval_exists",
            Self::EnumvalValue => "enumval_value",
            Self::TypeMatches => "type_matches",
        }
    }

    /// The question in words, to be followed by what it is about.
    pub const fn words(self) -> &'static str {
        match self {
            Self::FieldByteOffset => "the byte offset of",
            Self::FieldByteSize | Self::TypeSize => "the size of",
            Self::FieldExists | Self::TypeExists | Self::EnumvalExists => "the existence of",
            Self::FieldSigned => "the signedness of",
            Self::FieldLshift => "the left shift for",
            Self::FieldRshift => "the right shift for",
            Self::TypeIdLocal => "the local type id of",
            Self::TypeIdTarget => "the type id of",
            Self::EnumvalValue => "the value of",
            Self::TypeMatches => "a match for",
        }
    }

    /// Whether a target that has nothing of the kind is an answer (0) rather than a failure.
    pub const fn absence_is_an_answer(self) -> bool {
        match self {
            Self::FieldExists
            | Self::TypeIdTarget
            | Self::TypeExists
            | Self::TypeSize
            | Self::EnumvalExists
            | Self::TypeMatches => true,
            Self::FieldByteOffset
            | Self::FieldByteSize
            | Self::FieldSigned
            | Self::FieldLshift
            | Self::FieldRshift
            | Self::TypeIdLocal
            | Self::EnumvalValue => false,
        }
    }

    /// The macro of `bpf_core_read.h` that tells beforehand whether there will be an answer.
    pub const fn guard(self) -> &'static str {
        match self.subject() {
            Subject::Field => "bpf_core_field_exists()",
            Subject::Type => "bpf_core_type_exists()",
            Subject::Enumerator => "bpf_core_enum_value_exists()",
        }
    }

    pub(super) const fn subject(self) -> Subject {
        match self {
            Self::FieldByteOffset
            | Self::FieldByteSize
            | Self::FieldExists
            | Self::FieldSigned
            | Self::FieldLshift
            | Self::FieldRshift => Subject::Field,
            Self::TypeIdLocal
            | Self::TypeIdTarget
            | Self::TypeExists
            | Self::TypeSize
            | Self::TypeMatches => Subject::Type,
            Self::EnumvalExists | Self::EnumvalValue => Subject::Enumerator,
        }
    }
}

impl fmt::Display for CoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::CoreKind;

    #[test]
    fn numbers_are_places() {
        for (at, kind) in CoreKind::ALL.into_iter().enumerate() {
            assert_eq!(kind.raw() as usize, at);
            assert_eq!(CoreKind::from_raw(at as u32), Some(kind));
        }
        assert_eq!(CoreKind::from_raw(13), None);
    }
}
