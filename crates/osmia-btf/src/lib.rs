//! BTF, the BPF Type Format: lazy reader, emitter, printers and CO-RE.
//!
//! [`Btf`] opens a blob without copying and decodes a type when it is asked for.
//! Ids and offsets have types of their own, both byte orders read on any host, and
//! any bytes whatever give an answer or an [`Error`].

mod align;
mod bitfield;
mod btf;
mod builder;
pub mod c;
pub mod core_re;
mod dedup;
pub mod diff;
mod distilled;
mod edit;
mod endian;
mod error;
mod ext;
mod ext_builder;
mod flavour;
mod flavours;
mod hash;
mod header;
mod id;
mod index;
mod kind;
mod ksyms;
pub mod layout;
mod marks;
mod member;
mod name_hash;
mod names;
pub mod near;
mod path;
mod records;
mod resolve;
mod sanitise;
mod search;
mod shape;
mod strings;
mod subset;
mod swap;
mod ty;
pub mod value;
mod words;

pub use crate::bitfield::Bitfield;
pub use crate::btf::Btf;
pub use crate::builder::Builder;
pub use crate::dedup::{Deduped, dedup, dedup_onto};
pub use crate::distilled::{Distilled, distil};
pub use crate::endian::Endian;
pub use crate::error::Error;
pub use crate::ext::{BtfExt, CoreRecord, FuncInfo, InsnOffset, LineInfo, SectionRecords};
pub use crate::ext_builder::ExtBuilder;
pub use crate::flavour::essential_name;
pub use crate::id::{Bits, StrOff, TypeId};
pub use crate::kind::Kind;
pub use crate::path::{PathError, Place};
pub use crate::sanitise::KernelBtf;
pub use crate::subset::{Subset, subset};
pub use crate::ty::{Array, Enumerator, Int, Linkage, Member, Param, SectionVar, Type};

/// A few types as bytes, for the examples in this documentation.
#[doc(hidden)]
pub fn doc_fixture() -> bytes::Bytes {
    let mut types: Vec<u8> = Vec::new();
    let mut words = |words: &[u32]| types.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    words(&[1, 1 << 24, 4, 1 << 24 | 32]); // int
    words(&[5, 4 << 24 | 2, 8, 11, 1, 0, 13, 1, 32]); // struct point { int x; int y; }
    let strings = b"\0int\0point\0x\0y\x000:1\0";
    let mut blob = vec![0x9f, 0xeb, 1, 0];
    let (types_len, strings_len) = (types.len() as u32, strings.len() as u32);
    for word in [24, 0, types_len, types_len, strings_len] {
        blob.extend(u32::to_le_bytes(word));
    }
    blob.extend(types);
    blob.extend(strings);
    blob.into()
}
