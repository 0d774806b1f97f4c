//! Values as people and JSON write them.

use crate::value::error::ValueError;
use crate::value::parse::Parser;

/// A value that has no type yet: what a user typed, or JSON.
///
/// # Examples
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use osmia_btf::{Btf, Kind, value::{self, Input}};
///
/// # let btf = Btf::parse(osmia_btf::doc_fixture(), None)?;
/// let point = btf.find(Kind::Struct, "point")?.expect("it is there").id();
/// let bytes = Input::parse("{ x: 3, y: -1 }")?.encode(&btf, point)?;
/// assert_eq!(bytes, [3, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
/// assert_eq!(value::to_text(&btf, point, &bytes)?, "{ x: 3, y: -1 }");
/// let error = Input::parse("{ x: 5000000000 }")?.encode(&btf, point).unwrap_err();
/// assert!(error.to_string().starts_with("x: 5000000000 does not fit int"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// `null`: all zero.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer.
    Integer(Integer),
    /// A number with a point or an exponent.
    Float(f64),
    /// Text or bytes between quotes.
    Text(Vec<u8>),
    /// A word: an enum's value by its name.
    Name(String),
    /// `[1, 2]`: an array's elements from the first on.
    List(Vec<Input>),
    /// `{ a: 1 }`: some or all of a struct's fields.
    Fields(Vec<(String, Input)>),
}

/// An integer of any sign, up to 128 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Integer {
    /// Whether there is a minus in front.
    pub negative: bool,
    /// The number without its sign.
    pub magnitude: u128,
    /// Whether it was written in base 16 or 2: then it says what the bits are, and
    /// `0xff` is good for a signed byte.
    pub is_pattern: bool,
}

impl Input {
    /// Reads JSON, or the looser form in which [`Text`](crate::value::Text) writes: names
    /// without quotes, `=` for `:`, `0x10`, `'a'`, `"\xff"`, and commas too many.
    ///
    /// # Errors
    /// Where the text is neither, and why.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        Parser::new(text).whole()
    }

    /// What sort of value it is, for messages.
    pub(super) fn sort(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a truth value",
            Self::Integer(_) => "a number",
            Self::Float(_) => "a number with a point",
            Self::Text(_) => "text",
            Self::Name(_) => "a name",
            Self::List(_) => "a list",
            Self::Fields(_) => "fields",
        }
    }
}

impl Integer {
    /// The floating-point number that is nearest to it.
    #[allow(clippy::cast_precision_loss, reason = "the nearest one is what is asked for")]
    pub(super) fn nearest_float(self) -> f64 {
        let magnitude = self.magnitude as f64;
        if self.negative { -magnitude } else { magnitude }
    }
}

impl From<bool> for Input {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Input {
    fn from(value: i64) -> Self {
        let magnitude = u128::from(value.unsigned_abs());
        Self::Integer(Integer { negative: value < 0, magnitude, is_pattern: false })
    }
}

impl From<u64> for Input {
    fn from(value: u64) -> Self {
        Self::Integer(Integer { negative: false, magnitude: value.into(), is_pattern: false })
    }
}

impl From<f64> for Input {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&str> for Input {
    fn from(value: &str) -> Self {
        Self::Text(value.as_bytes().to_vec())
    }
}

impl std::fmt::Display for Integer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        if self.is_pattern {
            write!(f, "{sign}{:#x}", self.magnitude)
        } else {
            write!(f, "{sign}{}", self.magnitude)
        }
    }
}
