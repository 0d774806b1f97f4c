//! C: types as text that a compiler reads.

mod base;
mod catalog;
mod composite;
mod declarator;
mod enumeration;
mod name;
mod need;
mod order;
mod padding;
mod printer;
mod tag;
mod writer;

pub use crate::c::printer::Printer;
pub(crate) use crate::c::writer::text_limit;

use crate::btf::Btf;
use crate::c::catalog::Catalog;
use crate::c::writer::{DEPTH, Writer};
use crate::error::Error;
use crate::id::TypeId;
use crate::kind::Kind;

/// All types as a C header; see [`Printer`].
///
/// # Errors
/// A record is broken, or types contain each other in a circle.
pub fn header(btf: &Btf) -> Result<String, Error> {
    let mut text = String::with_capacity(btf.as_bytes().len());
    Printer::new(btf).write(&mut text)?;
    Ok(text)
}

/// The declaration of `name` as something of this type, without a semicolon:
/// `struct sock *sk`, `int (*fn)(void)`, `char comm[16]`.
///
/// Without a name it is that of a cast; functions and variables are declared under
/// their own then.
///
/// # Errors
/// A record is broken, or the type nests too deeply.
///
/// # Examples
/// ```
/// # fn main() -> Result<(), osmia_btf::Error> {
/// # use osmia_btf::{Btf, Kind, c};
/// # let btf = Btf::parse(osmia_btf::doc_fixture(), None)?;
/// let point = btf.find(Kind::Struct, "point")?.expect("it is there");
/// assert_eq!(c::declare(&btf, point.id(), "at")?, "struct point at");
/// # Ok(())
/// # }
/// ```
pub fn declare(btf: &Btf, id: TypeId, name: &str) -> Result<String, Error> {
    declared(btf, id, name, true)
}

/// As [`declare`], on one line: what has no name is `struct { ... }`. For messages.
///
/// # Errors
/// As for [`declare`].
pub fn title(btf: &Btf, id: TypeId, name: &str) -> Result<String, Error> {
    declared(btf, id, name, false)
}

fn declared(btf: &Btf, id: TypeId, name: &str, with_bodies: bool) -> Result<String, Error> {
    let ty = btf.ty(id)?;
    let (id, name) = match ty.kind() {
        Kind::Func | Kind::Var => {
            (ty.target().unwrap_or_default(), if name.is_empty() { ty.name() } else { name })
        }
        _ => (id, name),
    };
    let catalog = Catalog::default();
    let mut writer = Writer::new(btf, &catalog);
    writer.with_bodies = with_bodies;
    writer.declaration(id, name, 0, DEPTH)?;
    Ok(writer.text)
}

/// The definition of a struct, union, enum or typedef, with a semicolon; the declaration
/// of everything else.
///
/// # Errors
/// As for [`declare`].
pub fn definition(btf: &Btf, id: TypeId) -> Result<String, Error> {
    let ty = btf.ty(id)?;
    let is_definition =
        ty.is_composite() || ty.is_enum() || matches!(ty.kind(), Kind::Typedef | Kind::Fwd);
    let mut text = if is_definition {
        let catalog = Catalog::default();
        let mut writer = Writer::new(btf, &catalog);
        writer.definition(&ty)?;
        writer.text
    } else {
        declare(btf, id, "")?
    };
    text.push_str(";\n");
    Ok(text)
}
