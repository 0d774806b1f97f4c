//! The parts of a map command behind the map: `key ... value ... any`.

use osmia::UpdateFlags;

use crate::failure::Failure;
use crate::words::Words;

/// What is written behind a map.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// The words behind `key`.
    pub key: Option<Vec<String>>,
    /// The words behind `value`.
    pub value: Option<Vec<String>>,
    /// Under which condition to write, if that is said.
    pub flags: Option<UpdateFlags>,
}

impl Parts {
    /// Takes the words apart. A word that is a key or value itself and reads like one of ours is
    /// told apart by quotes of its own: `'"value"'`.
    ///
    /// # Errors
    /// A word belongs to nothing, or something is said twice.
    pub fn read(words: &mut Words<'_>) -> Result<Self, Failure> {
        let mut parts = Self::default();
        while !words.is_empty() {
            match words.next("`key` or `value`")? {
                word @ ("key" | "value") => {
                    let mut data = Vec::new();
                    while words.peek().is_some_and(|next| !is_ours(next)) {
                        data.push(words.next("data")?.to_owned());
                    }
                    let place = if word == "key" { &mut parts.key } else { &mut parts.value };
                    if data.is_empty() {
                        return Err(Failure::usage(format!("nothing stands behind `{word}`")));
                    }
                    if place.replace(data).is_some() {
                        return Err(Failure::usage(format!("`{word}` is said twice")));
                    }
                }
                other => match condition(other) {
                    Some(flags) => parts.flags = Some(flags),
                    None => {
                        return Err(Failure::usage(format!(
                            "`{other}` is neither `key`, `value`, `any`, `noexist` nor `exist`"
                        )));
                    }
                },
            }
        }
        Ok(parts)
    }
}

fn is_ours(word: &str) -> bool {
    matches!(word, "key" | "value") || condition(word).is_some()
}

fn condition(word: &str) -> Option<UpdateFlags> {
    match word {
        "any" => Some(UpdateFlags::ANY),
        "noexist" => Some(UpdateFlags::NOEXIST),
        "exist" => Some(UpdateFlags::EXIST),
        "lock" => Some(UpdateFlags::LOCK),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use osmia::UpdateFlags;

    use super::Parts;
    use crate::words::Words;

    fn read(words: &str) -> Parts {
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        Parts::read(&mut Words::new(&words)).unwrap()
    }

    #[test]
    fn keys_values_and_conditions_are_told_apart() {
        let parts = read("key hex 01 00 value 9 exist");
        assert_eq!(parts.key.unwrap(), ["hex", "01", "00"]);
        assert_eq!(parts.value.unwrap(), ["9"]);
        assert_eq!(parts.flags, Some(UpdateFlags::EXIST));
        let parts = read("value pinned /sys/fs/bpf/x");
        assert_eq!(parts.value.unwrap(), ["pinned", "/sys/fs/bpf/x"]);
        assert_eq!((parts.key, parts.flags), (None, None));
        assert_eq!(read(""), Parts::default());
    }

    #[test]
    fn what_belongs_to_nothing_is_refused() {
        for bad in ["9", "key", "key value 1", "key 1 key 2"] {
            let words: Vec<String> = bad.split_whitespace().map(str::to_owned).collect();
            assert!(Parts::read(&mut Words::new(&words)).is_err(), "{bad}");
        }
    }
}
