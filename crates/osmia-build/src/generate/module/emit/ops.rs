//! Tables of callbacks before loading.

use proc_macro2::TokenStream;
use quote::quote;

use crate::generate::comments::Comments;
use crate::generate::module::struct_ops::{self, OpsMember, OpsStruct, StructOps};
use crate::generate::names::{self, ident};
use crate::generate::text::{doc, doc_of};
use crate::generate::types::emit::Emitter;
use crate::generate::types::emit::ty::Scope;

/// What tables add to the spec: nothing where there are none.
#[derive(Default)]
pub(super) struct Tables {
    /// The structs' types, and that of the tables together.
    pub items: TokenStream,
    /// The spec's field, how it gets there, and how it gets back.
    pub field: TokenStream,
    pub open: TokenStream,
    pub puts: Vec<TokenStream>,
}

pub(super) fn emit(
    parts: &struct_ops::Tables,
    emitter: &Emitter<'_>,
    comments: &Comments,
) -> Tables {
    let tables = parts.tables.iter();
    let tables: Vec<(&StructOps, &OpsStruct)> =
        tables.filter_map(|table| Some((table, parts.structs.get(table.of?)?))).collect();
    if tables.is_empty() {
        return Tables::default();
    }
    let fields = tables.iter().map(|(table, of)| {
        let (field, ty) = (ident(&table.field), ident(&of.name));
        let doc = doc_of(
            comments.of_global(&table.name),
            &format!("Table `{}`.", names::shown(&table.name)),
        );
        quote!(#doc pub #field: #ty,)
    });
    let about = "The tables of callbacks before loading.";
    let group = super::group("TableSpecs", about, &quote!(Clone, Debug), fields);
    let structs = parts.structs.iter().map(|of| item(of, emitter, comments));
    let opens = tables.iter().map(|(table, of)| {
        let (field, ty, name) = (ident(&table.field), ident(&of.name), &table.name);
        quote!(#field: #ty::open(&object, #name)?,)
    });
    let puts = tables.iter().map(|(table, _)| {
        let field = ident(&table.field);
        quote!(self.struct_ops.#field.put(&mut object)?;)
    });
    Tables {
        items: quote!(#group #(#structs)*),
        field: quote! {
            /// Its tables of callbacks.
            pub struct_ops: TableSpecs,
        },
        open: quote!(struct_ops: TableSpecs { #(#opens)* },),
        puts: puts.collect(),
    }
}

/// A table's type, and how it comes from an object and gets back.
fn item(of: &OpsStruct, emitter: &Emitter<'_>, comments: &Comments) -> TokenStream {
    let (name, map) = (ident(&of.name), ident(&of.map));
    let about = format!("A `{}` before loading.", of.c_name);
    let fields = of.members.iter().map(|member| {
        let field = ident(&member.field);
        let (noun, ty) = match &member.ty {
            Some(ty) => {
                let ty = emitter.ty(ty, Scope::Outside);
                ("Member", quote!(::osmia::generated::initial::Initial<#ty>))
            }
            None => ("Callback", quote!(::osmia::generated::ops::Callback)),
        };
        let about = format!("{noun} `{}`.", names::shown(&member.name));
        let doc = doc_of(comments.of_member(&of.path, &member.name), &about);
        quote!(#doc pub #field: #ty,)
    });
    let own =
        doc("The map that the kernel keeps it in; `autocreate` says whether there will be one.");
    let fields = fields.chain([quote!(#own pub #map: ::osmia::MapSpec,)]);
    let group = super::group(&of.name, &about, &quote!(Clone, Debug), fields);
    let opens = of.members.iter().map(|member| {
        let (field, c_name, get) = (ident(&member.field), &member.name, function(member, false));
        quote!(#field: ::osmia::generated::ops::#get(object, table, #c_name)?,)
    });
    let puts = of.members.iter().map(|member| {
        let (field, put) = (ident(&member.field), function(member, true));
        quote!(::osmia::generated::ops::#put(object, &table, &self.#field)?;)
    });
    let result = quote!(::core::result::Result);
    quote! {
        #group
        impl #name {
            fn open(object: &::osmia::ObjectSpec, table: &str) -> #result<Self, ::osmia::Error> {
                Ok(Self { #(#opens)* #map: ::osmia::generated::map_spec(object, table)?, })
            }

            fn put(self, object: &mut ::osmia::ObjectSpec) -> #result<(), ::osmia::Error> {
                let table = self.#map.name.clone();
                ::osmia::generated::put_map(object, self.#map)?;
                #(#puts)*
                Ok(())
            }
        }
    }
}

/// The run-time's function for a member.
fn function(member: &OpsMember, put: bool) -> proc_macro2::Ident {
    ident(match (&member.ty, put) {
        (Some(_), false) => "member",
        (None, false) => "callback",
        (Some(_), true) => "put_member",
        (None, true) => "put_callback",
    })
}
