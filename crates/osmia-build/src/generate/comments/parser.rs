//! From tokens to what comments are about.

use crate::generate::comments::Comments;
use crate::generate::comments::lexer::{Kind, Token};
use crate::generate::comments::scopes::{self, Scope};
use crate::generate::comments::text::Comment;

/// Words that are followed by parentheses and name nothing.
const ATTRIBUTES: &[&str] =
    &["__attribute__", "__attribute", "SEC", "__uint", "__type", "__array", "__ulong", "_Alignas"];

/// Words in front of a tag or a name that are neither.
const PASSED_OVER: &[&str] = &["__packed", "__hidden", "__weak", "__noinline", "__always_inline"];

/// What a declaration has come to.
#[derive(Debug, Default)]
struct Declaration<'t> {
    comment: Option<Comment>,
    started: bool,
    /// Whether its name is behind: there is an initialiser, a length, a width.
    named: bool,
    is_typedef: bool,
    words: Vec<&'t str>,
    /// The struct, union or enum with braces in it.
    scope: Option<usize>,
    /// The word in front of the first parenthesis, and the first one in it.
    callee: Option<&'t str>,
    argument: Option<&'t str>,
}

/// What braces are around.
#[derive(Debug)]
enum Frame<'t> {
    Type {
        scope: usize,
        is_enum: bool,
        around: Declaration<'t>,
    },
    /// A function's body, an initialiser.
    Other,
}

/// What a comment behind something is about.
#[derive(Debug)]
enum Last {
    /// The last member of a scope.
    Member(usize),
    Global(String),
    /// A scope whose brace was opened.
    Opened(usize),
}

#[derive(Debug, Default)]
pub(super) struct Parser<'t> {
    scopes: Vec<Scope>,
    globals: Vec<(String, Option<Comment>)>,
    frames: Vec<Frame<'t>>,
    now: Declaration<'t>,
    parentheses: u32,
    /// Comments that stand in front of something, and the line on which they end.
    pending: Vec<&'t str>,
    pending_end: usize,
    /// What has ended, and on which line.
    last: Option<(Last, usize)>,
}

impl<'t> Parser<'t> {
    pub fn token(&mut self, token: Token<'t>) {
        if matches!(self.frames.last(), Some(Frame::Other)) {
            return self.skip(token);
        }
        match token.kind {
            Kind::Comment(text) => return self.comment(text, token),
            Kind::Directive => return self.pending.clear(),
            _ if self.parentheses > 0 => return self.in_parentheses(token.kind),
            _ => {}
        }
        if !self.now.started && !matches!(token.kind, Kind::Mark('}' | ';' | ',')) {
            self.last = None;
            self.now.started = true;
            self.now.comment = self.take_pending(token.first);
        }
        match token.kind {
            Kind::Word("typedef") => self.now.is_typedef = true,
            Kind::Word(word) if !PASSED_OVER.contains(&word) && !self.now.named => {
                self.now.words.push(word);
            }
            Kind::Mark('(') => self.open_parenthesis(),
            Kind::Mark('=' | '[' | ':') => self.now.named = true,
            Kind::Mark('{') => self.open_brace(token.last),
            Kind::Mark('}') => self.close_brace(token.last),
            Kind::Mark(',') => self.comma(token.last),
            Kind::Mark(';') => self.end(token.last),
            _ => {}
        }
    }

    pub fn finish(self, comments: &mut Comments) {
        for (name, comment) in self.globals {
            if let Some(comment) = comment {
                comments.globals.entry(name).or_insert(comment);
            }
        }
        scopes::put(self.scopes, comments);
    }

    /// Passes over a function's body or an initialiser.
    fn skip(&mut self, token: Token<'t>) {
        match token.kind {
            Kind::Mark('{') => self.frames.push(Frame::Other),
            Kind::Mark('}') => {
                self.frames.pop();
                let is_body = self.now.callee.is_some() && !self.now.named;
                if is_body && !matches!(self.frames.last(), Some(Frame::Other)) {
                    self.end(token.last);
                    self.last = None;
                }
            }
            _ => {}
        }
    }

    fn comment(&mut self, text: &'t str, token: Token<'t>) {
        if self.parentheses > 0 {
            return;
        }
        if self.now.started {
            if self.now.comment.is_none() {
                self.now.comment = Comment::of(&[text]);
            }
            return;
        }
        if let Some((last, line)) = &self.last {
            if *line == token.first {
                let place = match last {
                    Last::Member(scope) => self
                        .scopes
                        .get_mut(*scope)
                        .and_then(|scope| scope.members.last_mut().map(|(_, comment)| comment)),
                    Last::Global(name) => {
                        let found = self.globals.iter_mut().rev().find(|(known, _)| known == name);
                        found.map(|(_, comment)| comment)
                    }
                    Last::Opened(scope) => {
                        self.scopes.get_mut(*scope).map(|scope| &mut scope.comment)
                    }
                };
                if let Some(place @ None) = place {
                    *place = Comment::of(&[text]);
                }
                return;
            }
        }
        // Lines of `//` that follow one another are one comment.
        let goes_on = text.starts_with("//")
            && self.pending.last().is_some_and(|before| before.starts_with("//"))
            && self.pending_end + 1 == token.first;
        if !goes_on {
            self.pending.clear();
        }
        self.pending.push(text);
        self.pending_end = token.last;
    }

    fn take_pending(&mut self, line: usize) -> Option<Comment> {
        let pending = std::mem::take(&mut self.pending);
        if self.pending_end + 1 >= line { Comment::of(&pending) } else { None }
    }

    fn open_parenthesis(&mut self) {
        self.parentheses = 1;
        match self.now.words.last() {
            Some(word) if ATTRIBUTES.contains(word) => {
                self.now.words.pop();
                // What is in it is nobody's name.
                self.now.argument.get_or_insert("");
            }
            word if self.now.callee.is_none() => {
                self.now.callee = Some(word.copied().unwrap_or_default());
                self.now.argument = None;
            }
            _ => {}
        }
    }

    fn in_parentheses(&mut self, kind: Kind<'t>) {
        match kind {
            Kind::Mark('(') => self.parentheses += 1,
            Kind::Mark(')') => self.parentheses -= 1,
            // A pointer to a function is called as what stands in the parenthesis.
            Kind::Mark('*') if self.now.argument.is_none() => self.now.callee = Some(""),
            Kind::Word(word) if self.now.callee.is_some() => {
                self.now.argument.get_or_insert(word);
            }
            _ => {}
        }
    }

    fn open_brace(&mut self, line: usize) {
        let (keyword, tag) = match *self.now.words.as_slice() {
            [.., keyword @ ("struct" | "union" | "enum")] => (keyword, None),
            [.., keyword @ ("struct" | "union" | "enum"), tag] => (keyword, Some(tag)),
            _ => return self.frames.push(Frame::Other),
        };
        if self.now.named || self.now.callee.is_some() {
            return self.frames.push(Frame::Other);
        }
        let parent = self.frames.iter().rev().find_map(|frame| match frame {
            Frame::Type { scope, .. } => Some(*scope),
            Frame::Other => None,
        });
        let depth = parent.and_then(|parent| self.scopes.get(parent)).map_or(0, |up| up.depth + 1);
        let scope = self.scopes.len();
        let tag = tag.map(|tag| format!("{keyword} {tag}"));
        // Of a variable with a type of its own the comment is the variable's.
        let comment = self.now.comment.clone();
        self.scopes.push(Scope { parent, depth, tag, comment, ..Scope::default() });
        let around = std::mem::take(&mut self.now);
        self.frames.push(Frame::Type { scope, is_enum: keyword == "enum", around });
        self.last = Some((Last::Opened(scope), line));
    }

    fn close_brace(&mut self, line: usize) {
        self.end(line);
        let Some(Frame::Type { scope, around, .. }) = self.frames.pop() else { return };
        self.now = around;
        self.now.words.clear();
        self.now.scope = Some(scope);
        self.pending.clear();
    }

    /// The end of a constant, or of one of several names.
    fn comma(&mut self, line: usize) {
        if matches!(self.frames.last(), Some(Frame::Type { is_enum: true, .. })) {
            return self.end(line);
        }
        let name = self.now.name();
        self.declared(name, line);
        self.now.comment = None;
        self.now.named = false;
    }

    fn end(&mut self, line: usize) {
        let name = self.now.name();
        if self.now.started {
            self.declared(name, line);
        }
        self.now = Declaration::default();
    }

    fn declared(&mut self, name: Option<&'t str>, line: usize) {
        let comment = self.now.comment.clone();
        let frame = match self.frames.last() {
            Some(Frame::Type { scope, .. }) => Some(*scope),
            _ => None,
        };
        let name = name.map(str::to_owned);
        let Some(parent) = frame else {
            let own = self.now.scope.and_then(|scope| self.scopes.get_mut(scope));
            match (own, name) {
                (Some(scope), Some(name)) if self.now.is_typedef => scope.name = Some(name),
                (_, Some(name)) => {
                    self.globals.push((name.clone(), comment));
                    self.last = Some((Last::Global(name), line));
                }
                _ => {}
            }
            return;
        };
        let unnamed = self.now.scope.is_some() && name.is_none();
        let Some(up) = self.scopes.get_mut(parent) else { return };
        let name = if unnamed {
            up.anonymous_count += 1;
            Some(format!("anon{}", up.anonymous_count - 1))
        } else {
            name
        };
        let Some(name) = name else { return };
        up.members.push((name.clone(), comment));
        self.last = Some((Last::Member(parent), line));
        if let Some(scope) = self.now.scope.and_then(|scope| self.scopes.get_mut(scope)) {
            scope.name = Some(name);
        }
    }
}

impl<'t> Declaration<'t> {
    /// What is declared.
    fn name(&self) -> Option<&'t str> {
        let argument = self.argument.filter(|argument| !argument.is_empty());
        match self.callee {
            // BPF_PROG(name, ...)
            Some(callee)
                if callee
                    .chars()
                    .all(|c| c == '_' || c.is_ascii_uppercase() || c.is_ascii_digit()) =>
            {
                argument
            }
            Some(callee) => Some(callee),
            None => self.words.last().copied(),
        }
    }
}
