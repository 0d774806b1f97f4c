//! What the words of a record mean.

use crate::kind::Kind;

/// What a word behind a record's head is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// A string's offset.
    Name,
    /// A type.
    Id,
    /// A number of any other meaning.
    Number,
}

use Word::{Id, Name, Number};

impl Kind {
    /// The words behind the head, or those of one element if there are several; `None` for
    /// kinds that this version does not know.
    pub(crate) const fn words(self) -> Option<&'static [Word]> {
        Some(match self {
            Self::Void | Self::Unknown(_) => return None,
            Self::Int | Self::Var | Self::DeclTag => &[Number],
            Self::Array => &[Id, Id, Number],
            Self::Struct | Self::Union => &[Name, Id, Number],
            Self::Enum => &[Name, Number],
            Self::Enum64 => &[Name, Number, Number],
            Self::FuncProto => &[Name, Id],
            Self::DataSec => &[Id, Number, Number],
            Self::Ptr
            | Self::Fwd
            | Self::Typedef
            | Self::Volatile
            | Self::Const
            | Self::Restrict
            | Self::Func
            | Self::Float
            | Self::TypeTag => &[],
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::kind::Kind;

    #[test]
    fn words_and_tails_agree() {
        for raw in 0..=u8::MAX {
            let kind = Kind::from_raw(raw);
            let width = kind.tail().map(|(fixed, each)| usize::from(fixed) + usize::from(each));
            assert_eq!(kind.words().map(|words| words.len() * 4), width, "{kind}");
        }
    }
}
