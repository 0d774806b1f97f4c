//! Which object is meant: `id 5`, `name drop`, `tag 0123456789abcdef`, `pinned /sys/fs/bpf/drop`.

use std::fmt;
use std::path::PathBuf;

use osmia_sys::Errno;

use crate::failure::Failure;
use crate::words::Words;

/// Which object is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// The one with this number.
    Id(u32),
    /// Those of this name.
    Name(String),
    /// The programs with this hash of instructions.
    Tag([u8; 8]),
    /// The one that is pinned there.
    Pinned(PathBuf),
}

impl Selector {
    /// Reads one from the next words. A number by itself is an id, a path by itself a pin, and
    /// another word by itself a name.
    ///
    /// # Errors
    /// The words are no selector.
    pub fn read(words: &mut Words<'_>) -> Result<Self, Failure> {
        let first = words.next("id, name, tag or pinned")?;
        Ok(match first {
            "id" | "i" => Self::Id(id(words.next("the id")?)?),
            "name" | "nam" | "na" | "n" => Self::Name(words.next("the name")?.to_owned()),
            "tag" | "ta" | "t" => Self::Tag(tag(words.next("the tag")?)?),
            "pinned" | "pinne" | "pinn" | "pin" | "pi" | "p" => {
                Self::Pinned(words.next("the path of the pin")?.into())
            }
            path if path.contains('/') => Self::Pinned(path.into()),
            number if number.bytes().all(|byte| byte.is_ascii_digit()) => Self::Id(id(number)?),
            name => Self::Name(name.to_owned()),
        })
    }

    /// Reads one from all words, if there are any.
    ///
    /// # Errors
    /// As for [`Selector::read`], or words are left.
    pub fn optional(words: &[String]) -> Result<Option<Self>, Failure> {
        let mut words = Words::new(words);
        if words.is_empty() {
            return Ok(None);
        }
        let selector = Self::read(&mut words)?;
        words.end()?;
        Ok(Some(selector))
    }

    /// That there is no such thing; `noun` is `program`, `map` or `link`.
    pub fn none(&self, noun: &str) -> Failure {
        let verb = match noun {
            "program" => "prog",
            other => other,
        };
        Failure::not_found(format!(
            "there is no {noun} with {self}; `osmia {verb} list` shows those that there are"
        ))
    }

    /// That there are several, of which one must be chosen by its id.
    pub fn several(&self, noun: &str, ids: &[u32]) -> Failure {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let first = ids.first().map_or("", String::as_str);
        Failure::new(format!(
            "there are {} {noun}s with {self}: ids {}; choose one, as `id {first}`",
            ids.len(),
            ids.join(", ")
        ))
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "the id {id}"),
            Self::Name(name) => write!(f, "the name {name}"),
            Self::Tag(tag) => write!(f, "the tag {}", crate::value::hex(tag, "")),
            Self::Pinned(path) => write!(f, "the pin {}", path.display()),
        }
    }
}

/// Why the kernel does not hand out an object.
pub fn refused(attempt: impl Into<String>, errno: Errno) -> Failure {
    let remedy = if errno == Errno::PERM { " (it takes CAP_SYS_ADMIN)" } else { "" };
    Failure::because(format!("{}{remedy}", attempt.into()), &errno)
}

fn id(word: &str) -> Result<u32, Failure> {
    let found = crate::words::number(word).and_then(|number| u32::try_from(number).ok());
    found.ok_or_else(|| {
        Failure::usage(format!("an id is a number of at most 32 bits, not '{word}'"))
    })
}

fn tag(word: &str) -> Result<[u8; 8], Failure> {
    let wrong = || Failure::usage(format!("a tag has 16 hexadecimal digits, not '{word}'"));
    let word = word.strip_prefix("0x").unwrap_or(word);
    if word.len() != 16 {
        return Err(wrong());
    }
    if !word.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    let number = u64::from_str_radix(word, 16).map_err(|_| wrong())?;
    Ok(number.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::Selector;

    fn read(words: &[&str]) -> Result<Option<Selector>, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        Selector::optional(&words).map_err(|failure| failure.message())
    }

    #[test]
    fn selectors_with_and_without_keywords() {
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["id", "5"]), Ok(Some(Selector::Id(5))));
        assert_eq!(read(&["5"]), Ok(Some(Selector::Id(5))));
        assert_eq!(read(&["name", "5"]), Ok(Some(Selector::Name("5".into()))));
        assert_eq!(read(&["drop"]), Ok(Some(Selector::Name("drop".into()))));
        let tag = Selector::Tag([1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef]);
        assert_eq!(read(&["tag", "0123456789abcdef"]), Ok(Some(tag)));
        assert_eq!(read(&["pin", "x"]), Ok(Some(Selector::Pinned("x".into()))));
        assert_eq!(read(&["/sys/x"]), Ok(Some(Selector::Pinned("/sys/x".into()))));
    }

    #[test]
    fn wrong_words() {
        assert_eq!(read(&["id"]), Err("the id is missing at the end".into()));
        assert_eq!(
            read(&["id", "-1"]),
            Err("an id is a number of at most 32 bits, not '-1'".into())
        );
        assert!(read(&["tag", "012"]).is_err());
        assert!(read(&["tag", "+123456789abcdef"]).is_err());
        assert_eq!(read(&["id", "5", "6"]), Err("'6' is one word too many".into()));
    }
}
