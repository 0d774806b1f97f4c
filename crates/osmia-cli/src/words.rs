//! Arguments that are words: `id 5`, `type xdp`, `data_in packet.bin`.

use crate::failure::Failure;

/// The words of a verb, read from left to right.
///
/// Keywords may be shortened, as `osmia prog show i 5`.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    left: &'a [String],
}

impl<'a> Words<'a> {
    /// The words in their order.
    pub fn new(words: &'a [String]) -> Self {
        Self { left: words }
    }

    /// Whether all are read.
    pub fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// The next word, which stays.
    pub fn peek(&self) -> Option<&'a str> {
        self.left.first().map(String::as_str)
    }

    /// The next word, which must be there; `what` says what it would be.
    ///
    /// # Errors
    /// There is none.
    pub fn next(&mut self, what: &str) -> Result<&'a str, Failure> {
        let Some((first, left)) = self.left.split_first() else {
            return Err(Failure::usage(format!("{what} is missing at the end")));
        };
        self.left = left;
        Ok(first)
    }

    /// The next word as a number: decimal, or hexadecimal behind `0x`.
    ///
    /// # Errors
    /// There is none, or it is no number.
    pub fn number(&mut self, what: &str) -> Result<u64, Failure> {
        let word = self.next(what)?;
        number(word).ok_or_else(|| Failure::usage(format!("{what} is a number, not '{word}'")))
    }

    /// Reads the next word if it is this keyword, or a beginning of it.
    pub fn take(&mut self, keyword: &str) -> bool {
        let found = self.peek().is_some_and(|word| !word.is_empty() && keyword.starts_with(word));
        if found {
            self.left = self.left.get(1..).unwrap_or_default();
        }
        found
    }

    /// Reads the next word as the first of these keywords that it is, or begins.
    ///
    /// # Errors
    /// It is none of them.
    pub fn keyword(&mut self, keywords: &[&'static str]) -> Result<&'static str, Failure> {
        let all = keywords.join(", ");
        let word = self.next(&format!("one of {all}"))?;
        let exact = keywords.iter().find(|keyword| **keyword == word);
        let begun = || keywords.iter().find(|found| !word.is_empty() && found.starts_with(word));
        exact.or_else(begun).copied().ok_or_else(|| {
            Failure::usage(format!("'{word}' is not understood here; expected one of: {all}"))
        })
    }

    /// Nothing may be left.
    ///
    /// # Errors
    /// Something is.
    pub fn end(&self) -> Result<(), Failure> {
        match self.peek() {
            None => Ok(()),
            Some(word) => Err(Failure::usage(format!("'{word}' is one word too many"))),
        }
    }
}

/// A decimal number, or a hexadecimal one behind `0x`.
pub fn number(word: &str) -> Option<u64> {
    match word.strip_prefix("0x").or(word.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::Words;

    #[test]
    fn keywords_may_be_shortened() {
        let words = ["ty", "xdp", "0x10"].map(str::to_owned);
        let mut words = Words::new(&words);
        assert!(!words.take("map"));
        assert_eq!(words.keyword(&["map", "type"]).unwrap(), "type");
        assert_eq!(words.next("a type").unwrap(), "xdp");
        assert!(words.end().is_err());
        assert_eq!(words.number("a size").unwrap(), 16);
        assert!(words.end().is_ok());
        assert_eq!(words.next("a name").unwrap_err().message(), "a name is missing at the end");
    }
}
