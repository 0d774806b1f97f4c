//! Reading and writing bitfields.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::generate::types::emit::Emitter;
use crate::generate::types::emit::ty::{Scope, integer};
use crate::generate::types::model::{Bitfield, Body, Ty};

/// How a bitfield is got and set.
pub(crate) struct BitsAccess {
    pub ty: TokenStream,
    /// An expression.
    pub get: TokenStream,
    /// A statement, with `value`.
    pub set: TokenStream,
}

/// What becomes of the bits.
pub(crate) enum BitsKind {
    Bool,
    Int,
    Enum,
}

impl Emitter<'_> {
    pub(super) fn bits(&self, field: &Bitfield, storage: &TokenStream) -> BitsAccess {
        let (at, width) = (Literal::u32_unsuffixed(field.at), Literal::u32_unsuffixed(field.width));
        let (ty, kind, (size, signed)) = self.bits_ty(&field.ty);
        let int = integer(size, signed);
        let get = if signed { quote!(get_signed) } else { quote!(get) };
        let get = quote!(::osmia::generated::bits::#get(&self.#storage, #at, #width));
        let (get, value) = match kind {
            BitsKind::Bool => (quote!(#get != 0), quote!(u128::from(value))),
            BitsKind::Int => (quote!(#get as #int), quote!(value as u128)),
            BitsKind::Enum => (quote!(#ty(#get as #int)), quote!(value.0 as u128)),
        };
        let set = quote!(::osmia::generated::bits::set(&mut self.#storage, #at, #width, #value););
        BitsAccess { ty, get, set }
    }

    /// What bits of this type are given out as, and the integer behind that.
    pub(super) fn bits_ty(&self, ty: &Ty) -> (TokenStream, BitsKind, (u32, bool)) {
        let (kind, size, signed) = match ty {
            Ty::Bool => return (quote!(bool), BitsKind::Bool, (1, false)),
            Ty::Int { size, signed } => (BitsKind::Int, *size, *signed),
            _ => match self.find(ty).map(|item| (&item.body, item.size)) {
                Some((Body::Enum(body), size)) => (BitsKind::Enum, size, body.signed),
                // No C compiler has bitfields of other types.
                _ => (BitsKind::Int, 16, false),
            },
        };
        let name = if matches!(kind, BitsKind::Enum) {
            self.ty(ty, Scope::Types)
        } else {
            let int = integer(size, signed);
            quote!(#int)
        };
        (name, kind, (size, signed))
    }
}
