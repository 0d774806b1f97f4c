//! Structs, unions and enums, one within another.

use crate::generate::comments::Comments;
use crate::generate::comments::text::Comment;

/// Types within types deeper than this have no path.
const DEPTH: u32 = 32;

/// What stands in the braces of a struct, a union or an enum.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// The place of the one around it.
    pub parent: Option<usize>,
    pub depth: u32,
    /// `struct event`.
    pub tag: Option<String>,
    /// The member that is of this type, or the typedef for it.
    pub name: Option<String>,
    pub comment: Option<Comment>,
    pub members: Vec<(String, Option<Comment>)>,
    pub anonymous_count: u32,
}

/// Puts what was said in and of scopes to the other comments.
pub(super) fn put(scopes: Vec<Scope>, comments: &mut Comments) {
    let mut paths: Vec<String> = Vec::with_capacity(scopes.len());
    for scope in scopes {
        let path = path(&scope, &paths);
        if !path.is_empty() {
            for (name, comment) in scope.members {
                if let Some(comment) = comment {
                    comments.members.entry((path.clone(), name)).or_insert(comment);
                }
            }
            if let Some(comment) = scope.comment {
                comments.types.entry(path.clone()).or_insert(comment);
            }
        }
        paths.push(path);
    }
}

/// Where the generator finds it; nothing for types that cannot be named.
fn path(scope: &Scope, paths: &[String]) -> String {
    if let Some(tag) = &scope.tag {
        return tag.clone();
    }
    let Some(name) = scope.name.as_ref().filter(|_| scope.depth < DEPTH) else {
        return String::new();
    };
    match scope.parent.map(|parent| paths.get(parent).map(String::as_str).unwrap_or_default()) {
        None => name.clone(),
        Some("") => String::new(),
        Some(parent) => format!("{parent}.{name}"),
    }
}
