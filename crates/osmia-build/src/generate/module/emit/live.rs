//! The object in the kernel.

use proc_macro2::TokenStream;
use quote::quote;

use crate::generate::module::emit::Part;

pub(super) fn emit(
    programs: &[Part],
    maps: &[Part],
    variables: &[Part],
    kconfig: &[Part],
) -> TokenStream {
    let prog_group = group("Progs", "The loaded programs.", programs);
    let map_group = group("Maps", "The maps.", maps);
    let var_group = group("Vars", "The global variables.", variables);
    let has_kconfig = !kconfig.is_empty();
    let kconfig_group = has_kconfig.then(|| {
        let about = "What programs read of the kernel's configuration; `None` is what no loaded \
                     program reads.";
        group("Kconfig", about, kconfig)
    });
    let kconfig_field = has_kconfig.then(|| {
        quote! {
            /// What its programs read of the kernel's configuration.
            pub kconfig: Kconfig,
        }
    });
    let options = kconfig.iter().map(find);
    let kconfig = has_kconfig.then(|| quote!(kconfig: Kconfig { #(#options)* },));
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
            object: ::osmia::Object,
        }
        #prog_group
        #map_group
        #var_group
        #kconfig_group

        #[allow(clippy::too_many_lines)]
        impl Bpf {
            fn new(object: ::osmia::Object) -> ::core::result::Result<Self, ::osmia::Error> {
                Ok(Self {
                    progs: Progs { #(#progs)* },
                    maps: Maps { #(#maps)* },
                    vars: Vars { #(#vars)* },
                    #kconfig
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
