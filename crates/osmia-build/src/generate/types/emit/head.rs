//! What stands in front of a type, and the proofs behind it.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use crate::generate::comments::Comment;
use crate::generate::names::ident;
use crate::generate::text::doc_of;
use crate::generate::types::model::{Item, Ty};

/// Rust's standard library has defaults of arrays up to this length.
const LARGEST_DEFAULT: u32 = 32;

/// Whether a default of the type can be derived.
pub(crate) fn has_default(ty: &Ty) -> bool {
    match ty {
        Ty::Array(element, len) => *len <= LARGEST_DEFAULT && has_default(element),
        Ty::Bytes(size) => *size <= LARGEST_DEFAULT,
        _ => true,
    }
}

/// The documentation, the derives and the representation of a struct or union.
pub(crate) fn head(
    item: &Item,
    comment: Option<&Comment>,
    packed: bool,
    default: bool,
    debug: bool,
) -> TokenStream {
    let doc = doc_of(comment, &format!("{}.", item.c_name));
    let debug = debug.then(|| quote!(Debug,));
    let default = default.then(|| quote!(Default,));
    let equal = (!item.has_float).then(|| quote!(Eq, Hash,));
    let packed = packed.then(|| quote!(, packed));
    quote! {
        #doc
        #[derive(Clone, Copy, #debug #default PartialEq, #equal)]
        #[derive(FromBytes, Immutable, IntoBytes, KnownLayout)]
        #[zerocopy(crate = "::osmia::zerocopy")]
        #[repr(C #packed)]
    }
}

/// A default of zeros, where it cannot be derived.
pub(crate) fn default_of_zeros(item: &Item) -> TokenStream {
    let name = ident(&item.name);
    quote! {
        impl Default for #name {
            fn default() -> Self {
                ::osmia::zerocopy::FromZeros::new_zeroed()
            }
        }
    }
}

/// The compiler's proof that Rust lays the type out as C does. Fields are given with
/// their offsets.
pub(crate) fn proof<'f>(item: &Item, fields: impl Iterator<Item = (&'f str, u32)>) -> TokenStream {
    let name = ident(&item.name);
    let size = Literal::u32_unsuffixed(item.size);
    let align = Literal::u32_unsuffixed(item.align);
    let offsets = fields.map(|(field, offset)| {
        let (field, offset) = (ident(field), Literal::u32_unsuffixed(offset));
        quote!(, #field #offset)
    });
    quote!(layout!(#name, size #size, align #align #(#offsets)*);)
}

/// A field without bytes that gives the struct an alignment.
pub(crate) fn align_field(align: u32) -> TokenStream {
    let int = format_ident!("u{}", align * 8);
    quote! {
        #[doc(hidden)]
        pub _align: [#int; 0],
    }
}
