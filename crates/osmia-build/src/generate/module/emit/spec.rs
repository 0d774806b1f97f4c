//! The object before loading.

use proc_macro2::TokenStream;
use quote::quote;

use crate::generate::module::emit::Part;
use crate::generate::module::emit::ops::Tables;
use crate::generate::names::ident;

pub(super) fn emit([programs, maps, variables]: [&[Part]; 3], tables: &Tables) -> TokenStream {
    let prog_specs = group("ProgSpecs", "The programs before loading.", programs);
    let map_specs = group("MapSpecs", "The maps before loading.", maps);
    let var_specs = group("VarSpecs", "Global variables' values before loading.", variables);
    let progs = programs.iter().map(open);
    let maps_ = maps.iter().map(open);
    let vars = variables.iter().map(open);
    let put_programs = programs.iter().map(|part| put(part, "progs", false));
    let put_maps = maps.iter().map(|part| put(part, "maps", false));
    let put_variables = variables.iter().map(|part| put(part, "vars", true));
    let puts: Vec<_> =
        put_programs.chain(put_maps).chain(put_variables).chain(tables.puts.clone()).collect();
    let Tables { items: ops_items, field: ops_field, open: ops_open, .. } = tables;
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
            #ops_field
            object: ::osmia::ObjectSpec,
        }
        #prog_specs
        #map_specs
        #var_specs
        #ops_items

        #[allow(clippy::too_many_lines)]
        impl Spec {
            fn new(object: ::osmia::ObjectSpec) -> ::core::result::Result<Self, ::osmia::Error> {
                Ok(Self {
                    progs: ProgSpecs { #(#progs)* },
                    maps: MapSpecs { #(#maps_)* },
                    vars: VarSpecs { #(#vars)* },
                    #ops_open
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

fn group(name: &str, about: &str, parts: &[Part]) -> TokenStream {
    let fields = parts.iter().map(|part| {
        let (doc, field, ty) = (&part.doc, &part.field, &part.spec);
        quote!(#doc pub #field: #ty,)
    });
    super::group(name, about, &quote!(Clone, Debug), fields)
}

fn open(part: &Part) -> TokenStream {
    let Part { field, name, open, .. } = part;
    quote!(#field: ::osmia::generated::#open(&object, #name)?,)
}

fn put(part: &Part, group: &str, lent: bool) -> TokenStream {
    let Part { field, close, .. } = part;
    let (group, lent) = (ident(group), lent.then(|| quote!(&)));
    quote!(::osmia::generated::#close(&mut object, #lent self.#group.#field)?;)
}
