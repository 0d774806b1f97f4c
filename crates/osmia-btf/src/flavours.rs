//! Where in a string section names with flavours may be.

use memchr::memmem;

/// Bytes of strings that share a bit.
const BLOCK: usize = 64;

/// Marks on the few strings that have three underscores in a row. The names of all others are
/// their own essential names, which spares looking for flavours in each of them.
#[derive(Debug)]
pub(crate) struct Flavours {
    /// One bit for each block.
    marks: Vec<u64>,
}

impl Flavours {
    pub fn of(strings: &[u8]) -> Self {
        let mut marks = vec![0; strings.len().div_ceil(BLOCK * 64)];
        let separator = memmem::Finder::new("___");
        let mut start = 0;
        while let Some(rest) = strings.get(start..) {
            let Some(at) = separator.find(rest) else { break };
            let (before, behind) = rest.split_at(at);
            start += memchr::memrchr(0, before).map_or(0, |nul| nul + 1);
            let end =
                strings.len() - behind.len() + memchr::memchr(0, behind).unwrap_or(behind.len());
            for block in start / BLOCK..=end / BLOCK {
                if let Some(word) = marks.get_mut(block / 64) {
                    *word |= 1 << (block % 64);
                }
            }
            start = end + 1;
        }
        Self { marks }
    }

    /// Whether the name at this offset of the section may have a flavour.
    #[inline]
    pub fn may_be_at(&self, at: usize) -> bool {
        let block = at / BLOCK;
        self.marks.get(block / 64).is_some_and(|word| word >> (block % 64) & 1 != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::Flavours;

    #[test]
    fn strings_with_underscores_are_marked() {
        let mut strings = vec![0];
        strings.extend(b"plain_name\0".repeat(100));
        let first = strings.len();
        strings.extend(b"task_struct___old\0");
        strings.extend(b"other__name\0".repeat(1000));
        let last = strings.len();
        strings.extend(b"____\0");
        let flavours = Flavours::of(&strings);
        assert!(flavours.may_be_at(first) && flavours.may_be_at(first + 10));
        assert!(flavours.may_be_at(last));
        assert!(!flavours.may_be_at(1));
        assert!(!flavours.may_be_at(first + 200));
        assert!(!flavours.may_be_at(strings.len() + 1000));
        assert!(!Flavours::of(b"").may_be_at(0));
    }
}
