//! Names that static symbols share.

use std::collections::HashMap;

use indexmap::IndexMap;

/// Gives things that share a name one each: the first keeps it, the others get `.1`, `.2`
/// and so on behind it, as compilers do with static variables of functions.
#[derive(Default)]
pub(crate) struct Unique {
    next: HashMap<String, u32>,
}

impl Unique {
    /// A name that `taken` does not have yet.
    pub fn name<V>(&mut self, name: String, taken: &IndexMap<String, V>) -> String {
        if !taken.contains_key(&name) {
            return name;
        }
        let next = self.next.entry(name.clone()).or_insert(1);
        loop {
            let other = format!("{name}.{next}");
            *next += 1;
            if !taken.contains_key(&other) {
                return other;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;

    use super::Unique;

    #[test]
    fn later_ones_are_numbered() {
        let (mut unique, mut taken) = (Unique::default(), IndexMap::new());
        for expected in ["count", "count.1", "count.2"] {
            let name = unique.name("count".to_owned(), &taken);
            assert_eq!(name, expected);
            taken.insert(name, ());
        }
        taken.insert("other".to_owned(), ());
        taken.insert("other.1".to_owned(), ());
        assert_eq!(unique.name("other".to_owned(), &taken), "other.2");
    }
}
