//! From tokens to text.

use proc_macro2::TokenStream;
use quote::quote;

use crate::error::Error;

/// Documentation, as a sentence.
pub(crate) fn doc(text: &str) -> TokenStream {
    let mut chars = text.chars();
    let first = chars.next().map(char::to_uppercase).into_iter().flatten();
    let text: String = " ".chars().chain(first).chain(chars).collect();
    quote!(#[doc = #text])
}

/// The tokens as formatted Rust.
pub(crate) fn text(tokens: TokenStream) -> Result<String, Error> {
    let file: syn::File = syn::parse2(tokens).map_err(|error| Error::Syntax(error.to_string()))?;
    Ok(prettyplease::unparse(&file))
}
