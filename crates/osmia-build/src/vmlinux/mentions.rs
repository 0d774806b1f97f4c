//! The names in preprocessed C.

use std::collections::HashSet;

use osmia_btf::Kind;

/// The names that preprocessed C mentions outside of `vmlinux.h`.
#[derive(Debug, Default)]
pub(crate) struct Mentions<'t> {
    /// What follows `struct`, `union` or `enum`, where more than the name is needed.
    tags: HashSet<(Keyword, &'t str)>,
    /// All other names.
    words: HashSet<&'t str>,
    /// Those that may be members': not what headers of the system call their parameters.
    members: HashSet<&'t str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Keyword {
    Struct,
    Union,
    Enum,
}

impl Keyword {
    fn of(word: &str) -> Option<Self> {
        match word {
            "struct" => Some(Self::Struct),
            "union" => Some(Self::Union),
            "enum" => Some(Self::Enum),
            _ => None,
        }
    }
}

/// Whose text it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    User,
    /// A header of the system's: libbpf's, the kernel's.
    System,
    Vmlinux,
}

impl<'t> Mentions<'t> {
    /// The names in C that clang has preprocessed.
    pub fn of(text: &'t str) -> Self {
        let mut mentions = Self::default();
        let mut scan = Scan { origin: Origin::User, depth: 0, keyword: None };
        for line in text.lines() {
            match line.strip_prefix("# ") {
                Some(marker) => scan.origin = origin(marker),
                None if scan.origin != Origin::Vmlinux => scan.line(line, &mut mentions),
                None => {}
            }
        }
        mentions
    }

    /// Whether a type of this kind and name is mentioned by its tag.
    pub fn has_tag(&self, kind: Kind, name: &str) -> bool {
        let keyword = match kind {
            Kind::Struct => Keyword::Struct,
            Kind::Union => Keyword::Union,
            _ => Keyword::Enum,
        };
        self.tags.contains(&(keyword, name))
    }

    /// Whether a name is mentioned that may be a typedef's, a constant's or a function's.
    pub fn has_word(&self, name: &str) -> bool {
        self.words.contains(name)
    }

    /// Whether a name is mentioned that may be a member's.
    pub fn has_member(&self, name: &str) -> bool {
        self.members.contains(name)
    }
}

/// Where lines come from: `1 "./vmlinux.h" 1 3`.
fn origin(marker: &str) -> Origin {
    let mut parts = marker.rsplitn(2, '"');
    let (flags, file) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let name = file.rsplit(['/', '"']).next().unwrap_or_default();
    if name == "vmlinux.h" {
        Origin::Vmlinux
    } else if flags.split(' ').any(|flag| flag == "3") {
        Origin::System
    } else {
        Origin::User
    }
}

/// How far the text is read.
struct Scan {
    origin: Origin,
    /// How many braces are open.
    depth: u32,
    /// The keyword in front.
    keyword: Option<Keyword>,
}

impl Scan {
    fn line<'t>(&mut self, line: &'t str, mentions: &mut Mentions<'t>) {
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let in_word = |c: char| c == '_' || c.is_alphanumeric();
            let len = match first {
                '"' | '\'' => literal(rest, first),
                c if in_word(c) => rest.find(|c| !in_word(c)).unwrap_or(rest.len()),
                c => c.len_utf8(),
            };
            let (token, behind) = rest.split_at(len);
            match first {
                '{' => self.depth += 1,
                '}' => self.depth = self.depth.saturating_sub(1),
                c if in_word(c) && !c.is_ascii_digit() => self.word(token, behind, mentions),
                _ => {}
            }
            if !first.is_whitespace() && Keyword::of(token).is_none() {
                self.keyword = None;
            }
            rest = behind;
        }
    }

    fn word<'t>(&mut self, word: &'t str, behind: &str, mentions: &mut Mentions<'t>) {
        if let Some(keyword) = Keyword::of(word) {
            self.keyword = Some(keyword);
            return;
        }
        let Some(keyword) = self.keyword else {
            mentions.words.insert(word);
            if self.origin == Origin::User || self.depth > 0 {
                mentions.members.insert(word);
            }
            return;
        };
        // A declaration of the name needs no more than the name, and headers of the
        // system do not follow their pointers.
        let named_only = match behind.trim_start().chars().next() {
            Some(';') => true,
            Some('*') => self.origin == Origin::System,
            _ => false,
        };
        if !named_only || keyword == Keyword::Enum {
            mentions.tags.insert((keyword, word));
        }
    }
}

/// How long the text or character in quotes is that `text` begins with.
fn literal(text: &str, quote: char) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|&(_, c)| {
        let ends = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, c)| at + c.len_utf8())
}

#[cfg(test)]
mod tests {
    use osmia_btf::Kind;

    use super::Mentions;

    const TEXT: &str = r#"# 1 "x.bpf.c"
# 1 "./vmlinux.h" 1 3
struct never { int seen; };
# 2 "x.bpf.c" 2
# 1 "/usr/include/bpf/bpf_helper_defs.h" 1 3 4
struct forward;
static long (*helper)(struct pointed *param, __u64 flags) = (void *) 1;
static inline int inside(void) { return x->followed; }
# 3 "x.bpf.c" 2
struct announced;
enum
  kind k; struct sock *sk; union u v = {"struct text \" here", '"', BPF_ANY}; 12wide;
"#;

    #[test]
    fn names_count_where_they_matter() {
        let mentions = Mentions::of(TEXT);
        for (kind, name, there) in [
            (Kind::Struct, "sock", true),
            (Kind::Union, "u", true),
            (Kind::Enum, "kind", true),
            (Kind::Struct, "kind", false),
            (Kind::Struct, "never", false),
            (Kind::Struct, "forward", false),
            (Kind::Struct, "pointed", false),
            (Kind::Struct, "announced", false),
            (Kind::Struct, "text", false),
        ] {
            assert_eq!(mentions.has_tag(kind, name), there, "{kind:?} {name}");
        }
        assert!(mentions.has_word("__u64") && mentions.has_word("BPF_ANY"));
        assert!(!mentions.has_word("seen") && !mentions.has_word("12wide"));
        assert!(mentions.has_member("followed") && mentions.has_member("sk"));
        assert!(!mentions.has_member("param") && mentions.has_word("param"));
    }
}
