//! The object in the kernel.

use proc_macro2::TokenStream;
use quote::quote;

use crate::generate::module::emit::Part;
use crate::generate::names::ident;
use crate::generate::text::doc;

pub(super) fn emit(
    [programs, maps, variables]: [&[Part]; 3],
    kconfig: &[Part],
    struct_ops: &[Part],
) -> TokenStream {
    let prog_group = group("Progs", "The loaded programs.", programs);
    let map_group = group("Maps", "The maps.", maps);
    let var_group = group("Vars", "The global variables.", variables);
    let kconfig = Optional::of(
        ("kconfig", "Kconfig"),
        "What programs read of the kernel's configuration; `None` is what no loaded program reads.",
        kconfig,
    );
    let struct_ops = Optional::of(
        ("struct_ops", "Tables"),
        "The tables of callbacks for the kernel; attaching one registers it.",
        struct_ops,
    );
    let (kconfig_group, kconfig_field, kconfig) = (kconfig.group, kconfig.field, kconfig.value);
    let (ops_group, ops_field, ops) = (struct_ops.group, struct_ops.field, struct_ops.value);
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
            #kconfig_field
            #ops_field
            object: ::osmia::Object,
        }
        #prog_group
        #map_group
        #var_group
        #kconfig_group
        #ops_group

        #[allow(clippy::too_many_lines)]
        impl Bpf {
            fn new(object: ::osmia::Object) -> ::core::result::Result<Self, ::osmia::Error> {
                Ok(Self {
                    progs: Progs { #(#progs)* },
                    maps: Maps { #(#maps)* },
                    vars: Vars { #(#vars)* },
                    #kconfig
                    #ops
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
            #[must_use]
            pub fn object(&self) -> &::osmia::Object {
                &self.object
            }
        }
    }
}

/// What only some modules have: nothing where there are no parts.
#[derive(Default)]
struct Optional {
    group: TokenStream,
    field: TokenStream,
    value: TokenStream,
}

impl Optional {
    fn of((field, ty): (&str, &str), about: &str, parts: &[Part]) -> Self {
        if parts.is_empty() {
            return Self::default();
        }
        let (name, found) = (ident(field), parts.iter().map(find));
        let (group, ty, about) = (group(ty, about, parts), ident(ty), doc(about));
        Self {
            group,
            field: quote!(#about pub #name: #ty,),
            value: quote!(#name: #ty { #(#found)* },),
        }
    }
}

fn group(name: &str, about: &str, parts: &[Part]) -> TokenStream {
    let fields = parts.iter().map(|part| {
        let (doc, field, ty) = (&part.doc, &part.field, &part.live);
        quote!(#doc pub #field: #ty,)
    });
    super::group(name, about, &quote!(Debug), fields)
}

fn find(part: &Part) -> TokenStream {
    let Part { field, name, find, .. } = part;
    quote!(#field: ::osmia::generated::#find(&object, #name)?,)
}
