//! Unions: bytes, and methods that read and write them as the members.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::generate::names::ident;
use crate::generate::text::doc_of;
use crate::generate::types::emit::Emitter;
use crate::generate::types::emit::access::{Access, How};
use crate::generate::types::emit::ty::Scope;
use crate::generate::types::emit::{head, structure};
use crate::generate::types::model::{Arm, Item, Ty, Union};

impl Emitter<'_> {
    pub(super) fn union(&self, item: &Item, body: &Union, accesses: &[Access]) -> TokenStream {
        let name = ident(&item.name);
        let default = head::has_default(&Ty::Bytes(item.size));
        let head = head::head(item, self.comments.of_type(&item.path), false, default, false);
        let align = (item.align > 1).then(|| head::align_field(item.align));
        let size = Literal::u32_unsuffixed(item.size);
        let default = (!default).then(|| head::default_of_zeros(item));
        let methods = accesses.iter().filter_map(|access| match &access.how {
            How::Own { getter, setter, .. } => {
                let arm = body.arms.iter().find(|arm| arm.name == access.name)?;
                Some(self.arm(item, arm, getter, setter))
            }
            How::Through { part, .. } => {
                let (get, set) = part_methods(accesses, part)?;
                Some(self.through(access, &quote!(self.#get()), &quote!(self.#set(part);)))
            }
            How::Field { .. } => None,
        });
        let methods: Vec<_> = methods.collect();
        let shown = accesses.iter().filter_map(|access| match &access.how {
            How::Own { getter, .. } => Some((getter.as_str(), true)),
            _ => None,
        });
        let debug = structure::debug(&item.name, shown);
        let proof = head::proof(item, std::iter::empty());
        quote! {
            #head
            pub struct #name {
                #align
                #[doc(hidden)]
                pub _bytes: [u8; #size],
            }
            impl #name { #(#methods)* }
            #default
            #debug
            #proof
        }
    }

    fn arm(&self, item: &Item, arm: &Arm, getter: &str, setter: &str) -> TokenStream {
        if let Some(bits) = &arm.bits {
            return self.bits_methods(item, bits, &quote!(_bytes), (getter, setter));
        }
        let ty = self.ty(&arm.ty, Scope::Types);
        let (getter, setter) = (ident(getter), ident(setter));
        let comment = self.comments.of_member(&item.path, &arm.name);
        let doc = doc_of(comment, &format!("The bytes as `{}`.", arm.name));
        quote! {
            #doc
            pub fn #getter(&self) -> #ty {
                ::osmia::generated::union::get(self)
            }
            pub fn #setter(&mut self, value: #ty) -> &mut Self {
                ::osmia::generated::union::set(self, &value);
                self
            }
        }
    }
}

/// The methods that an anonymous member of a union itself has.
fn part_methods(
    accesses: &[Access],
    part: &str,
) -> Option<(proc_macro2::Ident, proc_macro2::Ident)> {
    let part = accesses.iter().find(|access| access.name == part)?;
    match &part.how {
        How::Own { getter, setter, .. } => Some((ident(getter), ident(setter))),
        _ => None,
    }
}
