//! Structs.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::generate::names::ident;
use crate::generate::text::doc;
use crate::generate::types::emit::Emitter;
use crate::generate::types::emit::access::{Access, How};
use crate::generate::types::emit::head;
use crate::generate::types::emit::ty::Scope;
use crate::generate::types::model::{Field, FieldKind, Item, Struct, Ty};

impl Emitter<'_> {
    pub(super) fn structure(&self, item: &Item, body: &Struct, accesses: &[Access]) -> TokenStream {
        let name = ident(&item.name);
        let plain = !body.raise_align && body.fields.iter().all(is_member);
        let default = body.fields.iter().all(has_default);
        let head = head::head(item, self.comments.of_type(&item.path), body.packed, default, plain);
        let align = body.raise_align.then(|| head::align_field(item.align));
        let fields = body.fields.iter().map(|field| self.field(item, field));
        let default = (!default).then(|| head::default_of_zeros(item));
        let debug = (!plain).then(|| debug_struct(item, body, accesses));
        let methods = self.methods(item, body, accesses);
        let proven =
            body.fields.iter().filter(|field| !matches!(field.kind, FieldKind::Padding(_)));
        let proof = head::proof(item, proven.map(|field| (field.name.as_str(), field.offset)));
        quote! {
            #head
            pub struct #name { #align #(#fields)* }
            #methods
            #default
            #debug
            #proof
        }
    }

    fn field(&self, item: &Item, field: &Field) -> TokenStream {
        let name = ident(&field.name);
        match &field.kind {
            FieldKind::Member { ty, .. } => {
                let ty = self.ty(ty, Scope::Types);
                let doc = self.member_doc(item, &field.name);
                quote!(#doc pub #name: #ty,)
            }
            FieldKind::Padding(size) => {
                let size = Literal::u32_unsuffixed(*size);
                quote!(#[doc(hidden)] pub #name: Pad<#size>,)
            }
            FieldKind::Bits(size) => {
                let size = Literal::u32_unsuffixed(*size);
                quote!(#[doc(hidden)] pub #name: [u8; #size],)
            }
        }
    }

    fn methods(&self, item: &Item, body: &Struct, accesses: &[Access]) -> TokenStream {
        let name = ident(&item.name);
        let methods = accesses.iter().filter_map(|access| match &access.how {
            How::Field { text: true, .. } => Some(text(&access.name)),
            How::Field { .. } => None,
            How::Own { getter, setter, .. } => {
                let bits = body.bitfields.iter().find(|bits| bits.name == access.name)?;
                let storage = ident(bits.storage.as_deref()?);
                Some(self.bits_methods(item, bits, &quote!(#storage), (getter, setter)))
            }
            How::Through { part, .. } => {
                let place = ident(part);
                Some(self.through(access, &quote!(self.#place), &quote!(self.#place = part;)))
            }
        });
        let methods: Vec<_> = methods.chain(self.flexible(body)).collect();
        if methods.is_empty() {
            return TokenStream::new();
        }
        quote!(impl #name { #(#methods)* })
    }

    /// The elements of an array without a length, behind the struct.
    fn flexible(&self, body: &Struct) -> Option<TokenStream> {
        let mut members = body.fields.iter().filter(|field| is_member(field));
        let Field { name, kind: FieldKind::Member { ty, .. }, .. } = members.next_back()? else {
            return None;
        };
        let element = match ty {
            // There is no telling how many of nothing there are.
            Ty::Array(element, 0) if !self.is_empty(element) => self.ty(element, Scope::Types),
            Ty::Chars(0) => quote!(u8),
            _ => return None,
        };
        let (method, field) = (ident(&format!("with_{name}")), ident(name));
        let doc = doc(&format!(
            "The struct at the start of `bytes`, and the elements of `{name}` behind it."
        ));
        Some(quote! {
            #doc
            pub fn #method(bytes: &[u8]) -> Option<(&Self, &[#element])> {
                ::osmia::generated::flexible::split(bytes, offset_of!(Self, #field))
            }
        })
    }
}

/// What `{:?}` shows: members only.
fn debug_struct(item: &Item, body: &Struct, accesses: &[Access]) -> TokenStream {
    let shown = accesses.iter().filter_map(|access| match &access.how {
        How::Field { .. } => Some((access.name.as_str(), false)),
        How::Own { getter, .. } => Some((getter.as_str(), true)),
        How::Through { .. } => None,
    });
    if body.packed { debug_packed(&item.name, shown) } else { debug(&item.name, shown) }
}

/// `{:?}` of fields and, where that is said, of what getters give.
pub(super) fn debug<'a>(name: &str, shown: impl Iterator<Item = (&'a str, bool)>) -> TokenStream {
    let ty = ident(name);
    let shown = shown.map(|(name, is_getter)| {
        let name = ident(name);
        let call = is_getter.then(|| quote!(()));
        quote!(, #name #call)
    });
    quote!(show!(#ty #(#shown)*);)
}

/// The same where a field may not lie where a reference to it could be taken.
fn debug_packed<'a>(name: &str, shown: impl Iterator<Item = (&'a str, bool)>) -> TokenStream {
    let ty = ident(name);
    let shown = shown.map(|(name, is_getter)| {
        let place = ident(name);
        let value = if is_getter { quote!(self.#place()) } else { quote!({ self.#place }) };
        quote!(.field(#name, &#value))
    });
    quote! {
        impl ::core::fmt::Debug for #ty {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#name)#(#shown)*.finish()
            }
        }
    }
}

fn is_member(field: &Field) -> bool {
    matches!(field.kind, FieldKind::Member { .. })
}

fn has_default(field: &Field) -> bool {
    match &field.kind {
        FieldKind::Member { ty, .. } => head::has_default(ty),
        FieldKind::Padding(_) => true,
        FieldKind::Bits(size) => head::has_default(&Ty::Bytes(*size)),
    }
}

/// Characters as text.
fn text(name: &str) -> TokenStream {
    let doc = doc(&format!("`{name}` as text, up to the first NUL."));
    let method = ident(name);
    quote! {
        #doc
        pub fn #method(&self) -> ::std::borrow::Cow<'_, str> {
            self.#method.to_str()
        }
    }
}
