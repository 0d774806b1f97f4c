//! Getters and setters.

use proc_macro2::TokenStream;
use quote::quote;

use crate::generate::names::ident;
use crate::generate::text::{doc, doc_of};
use crate::generate::types::emit::Emitter;
use crate::generate::types::emit::access::{Access, How};
use crate::generate::types::emit::ty::Scope;
use crate::generate::types::model::{Bitfield, Item};

impl Emitter<'_> {
    /// Reads and writes bits of the field `storage`.
    pub(super) fn bits_methods(
        &self,
        item: &Item,
        bits: &Bitfield,
        storage: &TokenStream,
        (getter, setter): (&str, &str),
    ) -> TokenStream {
        let access = self.bits(bits, storage);
        let (ty, get, set) = (access.ty, access.get, access.set);
        let comment = self.comments.of_member(&item.path, &bits.name);
        let doc = match bits.width {
            1 => doc_of(comment, &format!("`{}`, a bit.", bits.name)),
            width => doc_of(comment, &format!("`{}`, {width} bits.", bits.name)),
        };
        let (getter, setter) = (ident(getter), ident(setter));
        quote! {
            #doc
            pub fn #getter(&self) -> #ty {
                #get
            }
            pub fn #setter(&mut self, value: #ty) -> &mut Self {
                #set
                self
            }
        }
    }

    /// Reaches through an anonymous member, which `load` reads and `store` writes.
    ///
    /// It is copied, changed and written back: its parent may be packed or a union.
    pub(super) fn through(
        &self,
        access: &Access,
        load: &TokenStream,
        store: &TokenStream,
    ) -> TokenStream {
        let How::Through { getter, setter, inner, .. } = &access.how else {
            return TokenStream::new();
        };
        let (get, set) = match &inner.how {
            How::Field { .. } => {
                let field = ident(&inner.name);
                (quote!(#load.#field), quote!(part.#field = value;))
            }
            How::Own { getter, setter, .. } | How::Through { getter, setter, .. } => {
                let (getter, setter) = (ident(getter), ident(setter));
                (quote!({ #load }.#getter()), quote!(part.#setter(value);))
            }
        };
        let ty = self.value_ty(access);
        let doc = doc(&format!("`{}`.", access.name));
        let (getter, setter) = (ident(getter), ident(setter));
        quote! {
            #doc
            pub fn #getter(&self) -> #ty {
                #get
            }
            pub fn #setter(&mut self, value: #ty) -> &mut Self {
                let mut part = #load;
                #set
                #store
                self
            }
        }
    }

    /// What a getter returns.
    fn value_ty(&self, access: &Access) -> TokenStream {
        if access.is_bits() {
            self.bits_ty(access.ty()).0
        } else {
            self.ty(access.ty(), Scope::Types)
        }
    }
}
