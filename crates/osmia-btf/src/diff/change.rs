//! One difference.

use std::fmt;

use crate::id::Bits;
use crate::kind::Kind;

/// One difference between a type then and now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// It is another kind of type.
    Kind {
        /// Then.
        old: Kind,
        /// Now.
        new: Kind,
    },
    /// It takes more or fewer bytes.
    Size {
        /// Then.
        old: u32,
        /// Now.
        new: u32,
    },
    /// A typedef, function or variable is declared in another way.
    Declaration {
        /// Then.
        old: String,
        /// Now.
        new: String,
    },
    /// A member is new.
    Added {
        /// Its declaration.
        what: String,
        /// Its place.
        at: Bits,
    },
    /// A member is gone.
    Removed {
        /// Its declaration.
        what: String,
        /// Its place.
        at: Bits,
    },
    /// A member has another name: one of its type is gone, and one has come that is in
    /// its place or has almost its name.
    Name {
        /// Then.
        old: String,
        /// Now.
        new: String,
        /// Its place now.
        at: Bits,
    },
    /// A member has another type.
    Type {
        /// Which.
        name: String,
        /// Then.
        old: String,
        /// Now.
        new: String,
    },
    /// A member is elsewhere.
    Place {
        /// Which.
        name: String,
        /// Then.
        old: Bits,
        /// Now.
        new: Bits,
    },
    /// A member takes more or fewer bits.
    Width {
        /// Which.
        name: String,
        /// Then.
        old: u64,
        /// Now.
        new: u64,
    },
    /// An enum's value is new.
    ValueAdded {
        /// Its name.
        name: String,
        /// Its number.
        value: i128,
    },
    /// An enum's value is gone.
    ValueRemoved {
        /// Its name.
        name: String,
        /// Its number.
        value: i128,
    },
    /// An enum's value is another number.
    Value {
        /// Its name.
        name: String,
        /// Then.
        old: i128,
        /// Now.
        new: i128,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind { old, new } => write!(f, "{old} -> {new}"),
            Self::Size { old, new } => write!(f, "size {old} -> {new}"),
            Self::Declaration { old, new } => write!(f, "{old} -> {new}"),
            Self::Added { what, at } => write!(f, "added {what} at {at}"),
            Self::Removed { what, at } => write!(f, "removed {what} at {at}"),
            Self::Name { old, new, at } => write!(f, "renamed {old} -> {new} at {at}"),
            Self::Type { name, old, new } => write!(f, "{name}: type {old} -> {new}"),
            Self::Place { name, old, new } => write!(f, "{name}: at {old} -> {new}"),
            Self::Width { name, old, new } if old % 8 == 0 && new % 8 == 0 => {
                write!(f, "{name}: size {} -> {}", old / 8, new / 8)
            }
            Self::Width { name, old, new } => write!(f, "{name}: bits {old} -> {new}"),
            Self::ValueAdded { name, value } => write!(f, "added {name} = {value}"),
            Self::ValueRemoved { name, value } => write!(f, "removed {name} = {value}"),
            Self::Value { name, old, new } => write!(f, "{name} = {old} -> {new}"),
        }
    }
}
