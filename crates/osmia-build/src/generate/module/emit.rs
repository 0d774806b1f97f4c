//! The module's tokens.

mod live;
mod ops;
mod spec;

use osmia_object::ObjectSpec;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::generate::comments::Comments;
use crate::generate::module::map::{Argument, Handle, Map};
use crate::generate::module::parts::Parts;
use crate::generate::names::ident;
use crate::generate::request::Options;
use crate::generate::text::{doc, doc_of};
use crate::generate::types::emit::Emitter;
use crate::generate::types::emit::ty::Scope;

/// A field of the spec and of the live object.
struct Part {
    doc: TokenStream,
    field: Ident,
    /// The name in the object.
    name: String,
    /// Its type in the spec, how it gets there, and how it gets back.
    spec: TokenStream,
    open: TokenStream,
    close: TokenStream,
    /// Its type in the live object, and how it gets there.
    live: TokenStream,
    find: TokenStream,
}

/// All but the types.
pub(super) fn module(
    object: &ObjectSpec,
    parts: &Parts,
    emitter: &Emitter<'_>,
    comments: &Comments,
    options: &Options,
) -> TokenStream {
    let programs: Vec<Part> = programs(parts, comments);
    let maps: Vec<Part> = parts.maps.iter().map(|map| self::map(map, emitter, comments)).collect();
    let variables = variables(parts, emitter, comments);
    let opening = opening(object, options);
    let tables = ops::emit(&parts.struct_ops, emitter, comments);
    let spec = spec::emit([&programs, &maps, &variables], &tables);
    let live = live::emit(
        [&programs, &maps, &variables],
        &kconfig(parts, emitter),
        &struct_ops(parts, comments),
    );
    quote!(#opening #spec #live)
}

/// The module of types, without them.
pub(super) fn types() -> TokenStream {
    quote! {
        #[doc(inline)]
        #[allow(unused_imports)]
        pub use self::types::*;

        /// The types of C that maps, variables and events have.
        #[allow(
            clippy::all, clippy::pedantic, dead_code, missing_docs, non_camel_case_types,
            non_snake_case, non_upper_case_globals, trivial_numeric_casts, unused_imports,
            unused_qualifications
        )]
        pub mod types {
            use ::core::mem::offset_of;
            use ::osmia::generated::{Bool, Chars, Pad, Ptr, layout, show};
            use ::osmia::zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};
        }
    }
}

fn programs(parts: &Parts, comments: &Comments) -> Vec<Part> {
    let part = |program: &super::program::Program| {
        let handle = ident(program.handle);
        let find = ident("program");
        Part {
            doc: doc_of(comments.of_global(&program.name), &program.doc),
            field: ident(&program.field),
            name: program.name.clone(),
            spec: quote!(::osmia::ProgramSpec),
            open: quote!(program_spec),
            close: quote!(put_program),
            live: quote!(::osmia::#handle),
            find: quote!(#find),
        }
    };
    parts.programs.iter().map(part).collect()
}

fn map(map: &Map, emitter: &Emitter<'_>, comments: &Comments) -> Part {
    Part {
        doc: doc_of(comments.of_global(&map.name), &map.doc),
        field: ident(&map.field),
        name: map.name.clone(),
        spec: quote!(::osmia::MapSpec),
        open: quote!(map_spec),
        close: quote!(put_map),
        live: handle(&map.handle, emitter),
        find: quote!(map),
    }
}

fn handle(of: &Handle, emitter: &Emitter<'_>) -> TokenStream {
    let name = ident(of.name);
    let arguments = of.arguments.iter().map(|argument| match argument {
        Argument::Ty(ty) => emitter.ty(ty, Scope::Outside),
        Argument::Handle(inner) => handle(inner, emitter),
        Argument::Bytes => quote!([u8]),
    });
    let arguments: Vec<_> = arguments.collect();
    let arguments = (!arguments.is_empty()).then(|| quote!(<#(#arguments),*>));
    quote!(::osmia::#name #arguments)
}

fn variables(parts: &Parts, emitter: &Emitter<'_>, comments: &Comments) -> Vec<Part> {
    let part = |variable: &super::variable::Variable| {
        let ty = emitter.ty(&variable.ty, Scope::Outside);
        let (handle, find) = if variable.is_constant {
            (quote!(Constant), quote!(constant))
        } else {
            (quote!(Variable), quote!(variable))
        };
        Part {
            doc: doc_of(comments.of_global(&variable.name), &variable.doc),
            field: ident(&variable.field),
            name: variable.name.clone(),
            spec: quote!(::osmia::generated::initial::Initial<#ty>),
            open: quote!(initial),
            close: quote!(put_initial),
            live: quote!(::osmia::#handle<#ty>),
            find,
        }
    };
    parts.variables.iter().map(part).collect()
}

/// Externs of the configuration: nothing before loading, values after it.
fn kconfig(parts: &Parts, emitter: &Emitter<'_>) -> Vec<Part> {
    let part = |option: &super::kconfig::Kconfig| {
        let ty = emitter.ty(&option.ty, Scope::Outside);
        Part {
            doc: doc(&option.doc),
            field: ident(&option.field),
            name: option.name.clone(),
            spec: TokenStream::new(),
            open: TokenStream::new(),
            close: TokenStream::new(),
            live: quote!(::core::option::Option<#ty>),
            find: quote!(kconfig),
        }
    };
    parts.kconfig.iter().map(part).collect()
}

/// Tables of callbacks: after loading, to be attached.
fn struct_ops(parts: &Parts, comments: &Comments) -> Vec<Part> {
    let part = |table: &super::struct_ops::StructOps| Part {
        doc: doc_of(comments.of_global(&table.name), &table.doc),
        field: ident(&table.field),
        name: table.name.clone(),
        spec: TokenStream::new(),
        open: TokenStream::new(),
        close: TokenStream::new(),
        live: quote!(::core::option::Option<::osmia::StructOps>),
        find: quote!(struct_ops),
    };
    parts.struct_ops.tables.iter().map(part).collect()
}

fn opening(object: &ObjectSpec, options: &Options) -> TokenStream {
    let (name, file) = (&object.name, &options.object_file);
    let object = match &options.big_endian_file {
        None => quote!(include_bytes!(#file)),
        // Neither needs the other's file.
        Some(big) => quote! {{
            #[cfg(target_endian = "little")]
            let object = include_bytes!(#file);
            #[cfg(target_endian = "big")]
            let object = include_bytes!(#big);
            object
        }},
    };
    quote! {
        /// The object: compiled C with its types.
        pub static OBJECT: &[u8] = #object;

        /// Opens the object. It is plain data, and nothing reaches a kernel yet.
        ///
        /// # Errors
        /// The object cannot be read by this version of Osmia.
        pub fn open() -> ::core::result::Result<Spec, ::osmia::Error> {
            Spec::new(::osmia::generated::open(#name, OBJECT)?)
        }
    }
}

/// A struct with a field for each part.
fn group(
    name: &str,
    about: &str,
    derives: &TokenStream,
    fields: impl Iterator<Item = TokenStream>,
) -> TokenStream {
    let (name, about) = (ident(name), doc(about));
    quote! {
        #about
        #[derive(#derives)]
        #[allow(non_snake_case, unused_qualifications)]
        pub struct #name { #(#fields)* }
    }
}
