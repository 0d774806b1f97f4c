//! Types by the names that C gives them, for messages.

use crate::btf::Btf;
use crate::id::TypeId;
use crate::kind::Kind;

/// Longer chains of pointers and qualifiers are cut off.
const DEPTH: u32 = 16;

/// The type as C names it: `struct sock *`, `const char[16]`; `type [7]` where the BTF is broken.
pub(super) fn type_name(btf: &Btf, id: TypeId) -> String {
    named(btf, id, DEPTH)
}

fn named(btf: &Btf, id: TypeId, depth: u32) -> String {
    let Ok(ty) = btf.ty(id) else { return format!("type {id}") };
    let Some(depth) = depth.checked_sub(1) else { return "...".into() };
    let target = || named(btf, ty.target().unwrap_or_default(), depth);
    match ty.kind() {
        Kind::Void => "void".into(),
        Kind::Enum | Kind::Enum64 => tagged("enum", ty.name()),
        Kind::Union => tagged("union", ty.name()),
        Kind::Fwd if ty.is_union_fwd() => tagged("union", ty.name()),
        Kind::Struct | Kind::Fwd => tagged("struct", ty.name()),
        Kind::Ptr => pointer(btf, ty.target().unwrap_or_default(), depth),
        Kind::Array => array(btf, id, depth),
        Kind::Const => qualified("const", &target()),
        Kind::Volatile => qualified("volatile", &target()),
        Kind::Restrict | Kind::TypeTag => target(),
        Kind::FuncProto => format!("{}(...)", target()),
        _ if ty.name().is_empty() => format!("type {id}"),
        _ => ty.name().into(),
    }
}

fn tagged(tag: &str, name: &str) -> String {
    if name.is_empty() { format!("{tag} {{...}}") } else { format!("{tag} {name}") }
}

/// A qualifier stands in front of a type, but behind a pointer's star.
fn qualified(word: &str, inner: &str) -> String {
    if inner.ends_with('*') { format!("{inner}{word}") } else { format!("{word} {inner}") }
}

fn pointer(btf: &Btf, to: TypeId, depth: u32) -> String {
    let inner = named(btf, to, depth);
    match inner.strip_suffix("(...)") {
        Some(returned) => format!("{returned} (*)(...)"),
        None if inner.ends_with('*') => format!("{inner}*"),
        None => format!("{inner} *"),
    }
}

fn array(btf: &Btf, id: TypeId, depth: u32) -> String {
    let Some(array) = btf.ty(id).ok().and_then(|ty| ty.array()) else { return String::new() };
    let inner = named(btf, array.element, depth);
    let length = if array.len == 0 { String::new() } else { array.len.to_string() };
    // The outer dimension comes first.
    let (element, dimensions) = inner.split_at(inner.find('[').unwrap_or(inner.len()));
    format!("{element}[{length}]{dimensions}")
}
