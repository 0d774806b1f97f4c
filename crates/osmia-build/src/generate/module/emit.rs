//! The module's tokens.

use osmia_object::ObjectSpec;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::generate::module::map::{Argument, Map};
use crate::generate::module::parts::Parts;
use crate::generate::names::ident;
use crate::generate::request::Options;
use crate::generate::types::emit::Emitter;
use crate::generate::types::emit::ty::Scope;
use crate::generate::types::model::Model;

/// A field of the spec and of the live object.
struct Part {
    doc: String,
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
    options: &Options,
) -> TokenStream {
    let programs: Vec<Part> = programs(parts);
    let maps: Vec<Part> = parts.maps.iter().map(|map| self::map(map, emitter)).collect();
    let variables = variables(parts, emitter);
    let opening = opening(object, options);
    let spec = spec(&programs, &maps, &variables);
    let live = live(&programs, &maps, &variables);
    quote!(#opening #spec #live)
}

/// The module of types.
pub(super) fn types(emitter: &Emitter<'_>, model: &Model) -> TokenStream {
    if model.items.is_empty() {
        return TokenStream::new();
    }
    let items = emitter.items();
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
            use ::osmia::generated::{Bool, Chars, Pad, Ptr};
            use ::osmia::zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};
            #items
        }
    }
}

fn programs(parts: &Parts) -> Vec<Part> {
    let part = |program: &super::program::Program| {
        let handle = ident(program.handle);
        let find = ident("program");
        Part {
            doc: program.doc.clone(),
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

fn map(map: &Map, emitter: &Emitter<'_>) -> Part {
    let handle = ident(map.handle.name);
    let arguments = map.handle.arguments.iter().map(|argument| match argument {
        Argument::Ty(ty) => emitter.ty(ty, Scope::Outside),
        Argument::Bytes => quote!([u8]),
    });
    let arguments: Vec<_> = arguments.collect();
    let arguments = (!arguments.is_empty()).then(|| quote!(<#(#arguments),*>));
    Part {
        doc: map.doc.clone(),
        field: ident(&map.field),
        name: map.name.clone(),
        spec: quote!(::osmia::MapSpec),
        open: quote!(map_spec),
        close: quote!(put_map),
        live: quote!(::osmia::#handle #arguments),
        find: quote!(map),
    }
}

fn variables(parts: &Parts, emitter: &Emitter<'_>) -> Vec<Part> {
    let part = |variable: &super::variable::Variable| {
        let ty = emitter.ty(&variable.ty, Scope::Outside);
        let (handle, find) = if variable.is_constant {
            (quote!(Constant), quote!(constant))
        } else {
            (quote!(Variable), quote!(variable))
        };
        Part {
            doc: variable.doc.clone(),
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

fn opening(object: &ObjectSpec, options: &Options) -> TokenStream {
    let (name, file) = (&object.name, &options.object_file);
    quote! {
        /// The object: compiled C with its types.
        pub static OBJECT: &[u8] = include_bytes!(#file);

        /// Opens the object. It is plain data, and nothing reaches a kernel yet.
        ///
        /// # Errors
        /// The object cannot be read by this version of Osmia.
        pub fn open() -> ::core::result::Result<Spec, ::osmia::Error> {
            Spec::new(::osmia::generated::open(#name, OBJECT)?)
        }
    }
}

fn spec(programs: &[Part], maps: &[Part], variables: &[Part]) -> TokenStream {
    let prog_specs =
        group("ProgSpecs", "The programs before loading.", programs, |part| &part.spec);
    let map_specs = group("MapSpecs", "The maps before loading.", maps, |part| &part.spec);
    let var_specs =
        group("VarSpecs", "The values of global variables before loading.", variables, |part| {
            &part.spec
        });
    let progs = programs.iter().map(open);
    let maps_ = maps.iter().map(open);
    let vars = variables.iter().map(open);
    let put_programs = programs.iter().map(|part| put(part, "progs", false));
    let put_maps = maps.iter().map(|part| put(part, "maps", false));
    let put_variables = variables.iter().map(|part| put(part, "vars", true));
    let puts: Vec<_> = put_programs.chain(put_maps).chain(put_variables).collect();
    let mutable = (!puts.is_empty()).then(|| quote!(mut));
    quote! {
        /// The object before loading: everything in it may be changed.
        #[derive(Clone, Debug)]
        pub struct Spec {
            /// Its programs.
            pub progs: ProgSpecs,
            /// Its maps.
            pub maps: MapSpecs,
            /// Its global variables.
            pub vars: VarSpecs,
            object: ::osmia::ObjectSpec,
        }
        #prog_specs
        #map_specs
        #var_specs

        impl Spec {
            fn new(object: ::osmia::ObjectSpec) -> ::core::result::Result<Self, ::osmia::Error> {
                Ok(Self {
                    progs: ProgSpecs { #(#progs)* },
                    maps: MapSpecs { #(#maps_)* },
                    vars: VarSpecs { #(#vars)* },
                    object,
                })
            }

            /// The same as a spec in which everything is found by its name.
            ///
            /// # Errors
            /// A program or map has got another name.
            pub fn into_object(self) -> ::core::result::Result<::osmia::ObjectSpec, ::osmia::Error> {
                let #mutable object = self.object;
                #(#puts)*
                Ok(object)
            }

            /// Loads the object into a kernel.
            ///
            /// # Errors
            /// The kernel refuses a map or a program; the error says why.
            pub fn load(self, kernel: &::osmia::Kernel) -> ::core::result::Result<Bpf, ::osmia::Error> {
                self.load_with(&::osmia::Loader::new(kernel))
            }

            /// Loads the object as a loader is told to.
            ///
            /// # Errors
            /// As for [`load`](Self::load).
            pub fn load_with(self, loader: &::osmia::Loader) -> ::core::result::Result<Bpf, ::osmia::Error> {
                Bpf::new(loader.load(&self.into_object()?)?)
            }
        }
    }
}

fn live(programs: &[Part], maps: &[Part], variables: &[Part]) -> TokenStream {
    let prog_group = group("Progs", "The loaded programs.", programs, |part| &part.live);
    let map_group = group("Maps", "The maps.", maps, |part| &part.live);
    let var_group = group("Vars", "The global variables.", variables, |part| &part.live);
    let progs = programs.iter().map(find);
    let maps = maps.iter().map(find);
    let vars = variables.iter().map(find);
    quote! {
        /// The object in the kernel: it is there as long as this value, or what was got from it, is.
        #[derive(Debug)]
        pub struct Bpf {
            /// Its programs.
            pub progs: Progs,
            /// Its maps.
            pub maps: Maps,
            /// Its global variables.
            pub vars: Vars,
            object: ::osmia::Object,
        }
        #prog_group
        #map_group
        #var_group

        impl Bpf {
            fn new(object: ::osmia::Object) -> ::core::result::Result<Self, ::osmia::Error> {
                Ok(Self {
                    progs: Progs { #(#progs)* },
                    maps: Maps { #(#maps)* },
                    vars: Vars { #(#vars)* },
                    object,
                })
            }

            /// Attaches all programs whose sections say what to. Dropping the links detaches them.
            ///
            /// # Errors
            /// The kernel refuses to attach one; those attached before it are detached again.
            pub fn attach(&self) -> ::core::result::Result<::osmia::Links, ::osmia::Error> {
                self.object.attach()
            }

            /// The same object, in which everything is found by its name.
            pub fn object(&self) -> &::osmia::Object {
                &self.object
            }
        }
    }
}

/// A struct with a field for each part.
fn group(name: &str, doc: &str, parts: &[Part], ty: impl Fn(&Part) -> &TokenStream) -> TokenStream {
    let name = ident(name);
    let debug = if name == "Progs" || name == "Maps" || name == "Vars" {
        quote!(Debug)
    } else {
        quote!(Clone, Debug)
    };
    let fields = parts.iter().map(|part| {
        let (doc, field, ty) = (&part.doc, &part.field, ty(part));
        quote!(#[doc = #doc] pub #field: #ty,)
    });
    quote! {
        #[doc = #doc]
        #[derive(#debug)]
        #[allow(non_snake_case)]
        pub struct #name { #(#fields)* }
    }
}

fn open(part: &Part) -> TokenStream {
    let Part { field, name, open, .. } = part;
    quote!(#field: ::osmia::generated::#open(&object, #name)?,)
}

fn find(part: &Part) -> TokenStream {
    let Part { field, name, find, .. } = part;
    quote!(#field: ::osmia::generated::#find(&object, #name)?,)
}

fn put(part: &Part, group: &str, lent: bool) -> TokenStream {
    let Part { field, close, .. } = part;
    let (group, lent) = (ident(group), lent.then(|| quote!(&)));
    quote!(::osmia::generated::#close(&mut object, #lent self.#group.#field)?;)
}
