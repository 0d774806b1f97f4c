//! Types as they stand in fields and signatures.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use crate::generate::names::ident;
use crate::generate::types::emit::Emitter;
use crate::generate::types::model::{Pointee, Ty};

/// Where a type's name is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// In the module of types.
    Types,
    /// In the module around it.
    Outside,
}

impl Scope {
    /// The name of a type of the run-time's.
    fn plain(self, name: &str) -> TokenStream {
        let name = ident(name);
        match self {
            Self::Types => quote!(#name),
            Self::Outside => quote!(::osmia::generated::#name),
        }
    }

    fn item(self, name: &str) -> TokenStream {
        let name = ident(name);
        match self {
            Self::Types => quote!(#name),
            Self::Outside => quote!(types::#name),
        }
    }
}

impl Emitter<'_> {
    /// The type, as written in `scope`.
    pub fn ty(&self, ty: &Ty, scope: Scope) -> TokenStream {
        match ty {
            Ty::Int { size, signed } => {
                let int = integer(*size, *signed);
                quote!(#int)
            }
            Ty::Bool => scope.plain("Bool"),
            Ty::Float(size) => {
                let float = format_ident!("f{}", size * 8);
                quote!(#float)
            }
            Ty::Bytes(size) => {
                let size = Literal::u32_unsuffixed(*size);
                quote!([u8; #size])
            }
            Ty::Chars(len) => {
                let (chars, len) = (scope.plain("Chars"), Literal::u32_unsuffixed(*len));
                quote!(#chars<#len>)
            }
            Ty::Array(element, len) => {
                let (element, len) = (self.ty(element, scope), Literal::u32_unsuffixed(*len));
                quote!([#element; #len])
            }
            Ty::Pointer(pointee) => {
                let ptr = scope.plain("Ptr");
                let pointee = match pointee {
                    Pointee::Void => quote!(()),
                    Pointee::Function => quote!(::osmia::generated::Function),
                    Pointee::Ty(ty) => self.ty(ty, scope),
                };
                quote!(#ptr<#pointee>)
            }
            // The model has every item that it mentions.
            Ty::Item(_) => self.find(ty).map_or(quote!(()), |item| scope.item(&item.name)),
        }
    }
}

/// The integer type of this size.
pub(crate) fn integer(size: u32, signed: bool) -> Ident {
    format_ident!("{}{}", if signed { "i" } else { "u" }, size * 8)
}
