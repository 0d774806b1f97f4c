//! From tokens to text.

use proc_macro2::TokenStream;

use crate::error::Error;

/// The tokens as formatted Rust.
pub(crate) fn text(tokens: TokenStream) -> Result<String, Error> {
    let file: syn::File = syn::parse2(tokens).map_err(|error| Error::Syntax(error.to_string()))?;
    Ok(prettyplease::unparse(&file))
}
