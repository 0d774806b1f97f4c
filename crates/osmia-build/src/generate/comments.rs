//! The comments of C sources, by what they are about.
//!
//! A comment belongs to the declaration that begins on its last line or on the next one, or else to
//! the member, constant or declaration that ends on its first line.

mod lexer;
mod parser;
mod scopes;
mod text;

use std::collections::HashMap;

use crate::generate::comments::parser::Parser;
pub(crate) use crate::generate::comments::text::Comment;

/// What comments say of a source's types and of its programs, maps and variables.
#[derive(Debug, Default)]
pub(crate) struct Comments {
    /// By the path of the type: `struct event`, `endpoint_t`, `struct nested.point`.
    types: HashMap<String, Comment>,
    /// By the path of the type and C's name of the member or constant.
    members: HashMap<(String, String), Comment>,
    /// By the names of functions and variables.
    globals: HashMap<String, Comment>,
}

impl Comments {
    /// The comments in C sources; of several about one thing the first one counts.
    pub fn of<'s>(sources: impl IntoIterator<Item = &'s str>) -> Self {
        let mut comments = Self::default();
        for source in sources {
            let mut parser = Parser::default();
            lexer::tokens(source).for_each(|token| parser.token(token));
            parser.finish(&mut comments);
        }
        comments
    }

    /// What is said of a type.
    pub fn of_type(&self, path: &str) -> Option<&Comment> {
        self.types.get(path)
    }

    /// What is said of a member or a constant of a type.
    pub fn of_member(&self, path: &str, name: &str) -> Option<&Comment> {
        // Most modules have few comments, and most types none.
        if self.members.is_empty() || path.is_empty() {
            return None;
        }
        self.members.get(&(path.to_owned(), name.to_owned()))
    }

    /// What is said of a program, a map or a variable.
    pub fn of_global(&self, name: &str) -> Option<&Comment> {
        self.globals.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::Comments;

    const C: &str = r#"// SPDX-License-Identifier: GPL-2.0
#include <linux/bpf.h>
/* A macro. */
#define X(a) \
	struct a { /* not this */ int b; }

/* An event.
 *
 *   With a second part: a[0].
 */
struct event { /* not on the first member */
	/* The process. */
	__u32 pid;
	char comm[16]; // its name
	__u32 flags : 3, /* of the open */ more : 2;
	struct { int x; /* across */ } point;
	/* Either of two. */
	union {
		__u32 v4; /* old */
		struct { __u64 high; /* upper */ };
	};
	int (*call)(int a /* no */); /* back */

	/* Far away. */

	int lonely;
};

enum __attribute__((packed)) kind {
	KIND_A = 1, /* first */
	/* second */
	KIND_B,
	KIND_C /* third */
};

/* Where to. */
typedef struct {
	__u16 port; /* of TCP */
} endpoint_t;

// Events,
// all of them.
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__type(value, struct event); /* not its */
} events SEC(".maps");

volatile const __u32 limit = 50; /* at most */
/* Set by the user. */
static int table[2] SEC(".data.x") = { 1, /* no */ 2 };

/* Runs first. */
SEC("xdp") int first(struct xdp_md *ctx /* no */)
{
	/* inside */
	int a = 3; /* not a variable */
	return a;
}

/* Runs second. */
SEC("fentry/f")
int BPF_PROG(second, int a)
{ return 0; }
"#;

    fn said(comment: Option<&super::Comment>) -> String {
        comment.map(|comment| comment.lines().join("|")).unwrap_or_default()
    }

    #[test]
    fn comments_belong_to_what_they_stand_at() {
        let comments = Comments::of([C]);
        for (path, expected) in [
            ("struct event", "An event.||With a second part: a\\[0\\]."),
            ("struct event.anon0", "Either of two."),
            ("endpoint_t", "Where to."),
            ("struct a", ""),
        ] {
            assert_eq!(said(comments.of_type(path)), expected, "{path}");
        }
        for (path, name, expected) in [
            ("struct event", "pid", "The process."),
            ("struct event", "comm", "its name"),
            ("struct event", "flags", ""),
            ("struct event", "call", "back"),
            ("struct event", "lonely", ""),
            ("struct event.point", "x", "across"),
            ("struct event.anon0", "v4", "old"),
            ("struct event.anon0.anon0", "high", "upper"),
            ("enum kind", "KIND_A", "first"),
            ("enum kind", "KIND_B", "second"),
            ("enum kind", "KIND_C", "third"),
            ("endpoint_t", "port", "of TCP"),
        ] {
            assert_eq!(said(comments.of_member(path, name)), expected, "{path} {name}");
        }
        for (name, expected) in [
            ("events", "Events,|all of them."),
            ("limit", "at most"),
            ("table", "Set by the user."),
            ("first", "Runs first."),
            ("second", "Runs second."),
            ("a", ""),
        ] {
            assert_eq!(said(comments.of_global(name)), expected, "{name}");
        }
    }

    #[test]
    fn broken_sources_end_somewhere() {
        for source in
            ["/* ", "\"", "'\\", "struct {{{{ }", "}}}} ;;; )))", "enum {,,,}", "a\\", "//"]
        {
            let _ = Comments::of([source]);
        }
        let deep = "struct { ".repeat(100_000) + "int x; /* deep */" + &"};".repeat(100_000);
        assert!(Comments::of([deep.as_str()]).members.is_empty());
        let cut = |at: usize| C.get(..at).map(|text| Comments::of([text]));
        assert!((0..C.len()).filter_map(cut).count() > 1000);
    }
}
