//! One of the two BTFs that a relocation compares.

use crate::btf::Btf;
use crate::error::Error;
use crate::id::TypeId;
use crate::kind::Kind;
use crate::ty::Type;

/// Longer chains of arrays and modifiers than this are circles, or made to hurt.
const CHAIN: u32 = 64;

/// A BTF with the width that pointers have in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side<'a> {
    pub btf: &'a Btf,
    pub pointer: u32,
}

impl<'a> Side<'a> {
    /// The object's side: pointers of BPF programs have 8 bytes.
    pub fn local(btf: &'a Btf) -> Self {
        Self { btf, pointer: 8 }
    }

    /// How many bytes a value of the type takes.
    pub fn size_of(self, id: TypeId) -> Result<u32, Error> {
        self.btf.size_with(id, self.pointer)
    }

    /// The type of an array's elements, however many dimensions it has; any other type itself.
    pub fn innermost(self, id: TypeId) -> Result<Type<'a>, Error> {
        let mut ty = self.btf.resolve(id)?;
        for _ in 0..CHAIN {
            match ty.array() {
                Some(array) => ty = self.btf.resolve(array.element)?,
                None => return Ok(ty),
            }
        }
        Err(Error::TooDeep { id, limit: CHAIN })
    }
}

/// The names that compilers give C's `long`, whose width is that of pointers.
const LONGS: [&str; 11] = [
    "long unsigned int",
    "unsigned long",
    "long int",
    "long",
    "int long",
    "long unsigned",
    "unsigned long int",
    "unsigned int long",
    "long int unsigned",
    "int unsigned long",
    "int long unsigned",
];

/// The first `long` of a target, and its width, which is that of its pointers.
///
/// It is among the first types of every kernel, so that searching for it costs nothing.
pub(super) fn first_long(btf: &Btf) -> Result<Option<(TypeId, u32)>, Error> {
    if let Some(base) = btf.base() {
        if let Some(found) = first_long(base)? {
            return Ok(Some(found));
        }
    }
    let mut records = btf.records();
    while let Some(record) = records.next_record()? {
        let is_long = |name: &&str| btf.string_is(record.name, name);
        if record.info.kind != Kind::Int || !LONGS.iter().any(is_long) {
            continue;
        }
        let ty = Type::read_unnamed(btf, record.id, record.bytes)?;
        if let Some(size) = ty.own_size().filter(|&size| size == 4 || size == 8) {
            return Ok(Some((record.id, size)));
        }
    }
    Ok(None)
}
