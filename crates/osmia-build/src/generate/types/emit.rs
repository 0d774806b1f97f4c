//! From the model to tokens.

mod access;
mod bits;
mod enumeration;
mod head;
mod methods;
mod structure;
pub(crate) mod ty;
mod union;

use osmia_btf::TypeId;
use proc_macro2::TokenStream;
use quote::quote;

use crate::generate::comments::Comments;
use crate::generate::names::ident;
use crate::generate::text::{comment_doc, doc};
use crate::generate::types::emit::access::Accesses;
use crate::generate::types::model::{Body, Item, Model, Ty};

/// Writes the types of a model.
pub(crate) struct Emitter<'m> {
    model: &'m Model,
    comments: &'m Comments,
}

impl<'m> Emitter<'m> {
    pub fn new(model: &'m Model, comments: &'m Comments) -> Self {
        Self { model, comments }
    }

    /// All items of the model.
    pub fn items(&self) -> impl Iterator<Item = TokenStream> + '_ {
        let mut accesses = Accesses::new(self.model);
        self.model.items.iter().map(move |(&id, item)| self.item(id, item, &mut accesses))
    }

    fn item(&self, id: TypeId, item: &Item, accesses: &mut Accesses<'m>) -> TokenStream {
        let name = ident(&item.name);
        match &item.body {
            Body::Struct(body) => self.structure(item, body, &accesses.of(id)),
            Body::Union(body) => self.union(item, body, &accesses.of(id)),
            Body::Enum(body) => self.enumeration(item, body),
            Body::Opaque => {
                let doc = doc(&format!("{}, known by pointers only.", item.c_name));
                quote! {
                    #doc
                    #[derive(Debug)]
                    pub enum #name {}
                }
            }
        }
    }

    /// What C's comments say of a member or constant.
    fn member_doc(&self, item: &Item, name: &str) -> TokenStream {
        comment_doc(self.comments.of_member(&item.path, name))
    }

    /// Whether values of the type have no bytes.
    fn is_empty(&self, ty: &Ty) -> bool {
        match ty {
            Ty::Bytes(len) | Ty::Chars(len) => *len == 0,
            Ty::Array(element, len) => *len == 0 || self.is_empty(element),
            Ty::Item(_) => self.find(ty).is_none_or(|item| item.size == 0),
            _ => false,
        }
    }

    fn find(&self, ty: &Ty) -> Option<&'m Item> {
        match ty {
            Ty::Item(id) => self.model.items.get(id),
            _ => None,
        }
    }
}
