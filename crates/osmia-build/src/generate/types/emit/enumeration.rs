//! Enums: numbers with names, of which a program may have others than C's.

use std::collections::HashSet;

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::generate::names::ident;
use crate::generate::text::doc_of;
use crate::generate::types::emit::Emitter;
use crate::generate::types::emit::ty::integer;
use crate::generate::types::model::{Constant, Enum, Item};

impl Emitter<'_> {
    pub(super) fn enumeration(&self, item: &Item, body: &Enum) -> TokenStream {
        let name = ident(&item.name);
        let int = integer(item.size, body.signed);
        let reason = if body.cut_off { " Its constants need clang 15 or newer." } else { "" };
        let comment = self.comments.of_type(&item.path);
        let doc = doc_of(comment, &format!("{}.{reason}", item.c_name));
        let constants = body.constants.iter().map(|value| {
            let constant = ident(&value.rust);
            let literal = literal(value.value, item.size, body.signed);
            let doc = self.member_doc(item, &value.c);
            quote!(#doc pub const #constant: Self = Self(#literal);)
        });
        let mut seen = HashSet::new();
        // Values that are the same in the enum's integer, too.
        let mut is_new = |value: &&Constant| {
            seen.insert(literal(value.value, item.size, body.signed).to_string())
        };
        let shown = body.constants.iter().filter(&mut is_new).map(|value| ident(&value.rust));
        quote! {
            #doc
            #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
            #[derive(FromBytes, Immutable, IntoBytes, KnownLayout)]
            #[zerocopy(crate = "::osmia::zerocopy")]
            #[repr(transparent)]
            pub struct #name(pub #int);
            impl #name { #(#constants)* }
            show!(#name: #(#shown),*);
        }
    }
}

/// The value as the enum's integer has it: a record may give more than fits.
fn literal(value: i128, size: u32, signed: bool) -> TokenStream {
    let literal = match (size, signed) {
        (1, false) => Literal::u8_unsuffixed(value as u8),
        (1, true) => return signed_literal(i128::from(value as i8)),
        (2, false) => Literal::u16_unsuffixed(value as u16),
        (2, true) => return signed_literal(i128::from(value as i16)),
        (4, false) => Literal::u32_unsuffixed(value as u32),
        (4, true) => return signed_literal(i128::from(value as i32)),
        (_, false) => Literal::u64_unsuffixed(value as u64),
        (_, true) => return signed_literal(i128::from(value as i64)),
    };
    quote!(#literal)
}

/// A literal has no sign of its own in Rust's syntax.
fn signed_literal(value: i128) -> TokenStream {
    let magnitude = Literal::u128_unsuffixed(value.unsigned_abs());
    if value < 0 { quote!(-#magnitude) } else { quote!(#magnitude) }
}
