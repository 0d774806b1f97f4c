//! Documentation.

use proc_macro2::TokenStream;
use quote::quote;

use crate::generate::comments::Comment;

/// Documentation, as a sentence.
pub(crate) fn doc(text: &str) -> TokenStream {
    let mut chars = text.chars();
    let first = chars.next().map(char::to_uppercase).into_iter().flatten();
    let text: String = " ".chars().chain(first).chain(chars).collect();
    quote!(#[doc = #text])
}

/// Documentation: what a comment in C says, and a sentence of ours behind it.
pub(crate) fn doc_of(comment: Option<&Comment>, text: &str) -> TokenStream {
    let Some(comment) = comment else { return doc(text) };
    let (said, own) = (comment_doc(Some(comment)), doc(text));
    quote!(#said #[doc = ""] #own)
}

/// Documentation that is what a comment in C says; none if there is no comment.
pub(crate) fn comment_doc(comment: Option<&Comment>) -> TokenStream {
    let lines = comment.map(Comment::lines).unwrap_or_default();
    let space = |line: &String| if line.is_empty() { String::new() } else { format!(" {line}") };
    let lines = lines.iter().map(space);
    quote!(#(#[doc = #lines])*)
}
