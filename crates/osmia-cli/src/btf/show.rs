//! `osmia btf show`: one type.

use clap::Args;
use osmia_btf::layout::{Layout, Slot};
use osmia_btf::{Btf, Kind, Type, TypeId, c};
use serde::Serialize;

use crate::btf::list;
use crate::btf::source::BaseOptions;
use crate::failure::Failure;
use crate::output::Output;
use crate::report::{Page, Report};
use crate::type_name::{find, look_up};
use crate::words::number;

// The arguments of `osmia btf show`.
#[derive(Args)]
#[command(
    after_help = "SOURCE is a file (BTF, or ELF with a .BTF section), the id of a BTF in the kernel, or the name \
of a module; the running kernel if not given.

Examples:
  osmia btf show task_struct
  osmia btf show 'struct iov_iter' vmlinux-6.1
  osmia btf show tcp_connect"
)]
pub struct Show {
    /// The type: `task_struct`, `struct sock`, a function, or an id; as with bpftool, without one the BTF that
    /// the kernel holds is listed, or with `id N` one of it
    #[arg(value_name = "TYPE")]
    ty: Option<String>,
    /// Where it comes from
    source: Option<String>,
    /// The size of a cache line; 0 marks none
    #[arg(long, value_name = "BYTES", default_value_t = 64)]
    cache_line: u32,
    #[command(flatten)]
    base: BaseOptions,
}

#[derive(Serialize)]
struct TypeReport {
    id: u32,
    kind: String,
    name: String,
    #[serde(skip)]
    text: String,
    #[serde(flatten)]
    layout: Option<LayoutReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    declaration: Option<String>,
}

#[derive(Serialize)]
struct LayoutReport {
    size: u32,
    align: u32,
    padding_bits: u64,
    members: Vec<MemberReport>,
}

#[derive(Serialize)]
struct MemberReport {
    name: String,
    declaration: String,
    type_id: u32,
    bits_offset: u32,
    bits: u64,
    hole_bits: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    members: Vec<MemberReport>,
}

impl Show {
    /// Shows the type.
    ///
    /// # Errors
    /// The source cannot be read, or has no such type.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let ty = match (self.ty.as_deref(), self.source.as_deref().map(number)) {
            (None, _) => return list::all(output),
            (Some("id"), Some(Some(id))) => return list::one(id, output),
            (Some(ty), _) => ty,
        };
        let btf = self.base.open(self.source.as_deref())?;
        let ty = named(&btf, ty)?;
        output.show(&self.report(&btf, &ty)?)
    }

    fn report(&self, btf: &Btf, ty: &Type<'_>) -> Result<TypeReport, Failure> {
        let behind = btf.resolve(ty.id())?;
        let layout = if behind.is_composite() { Some(Layout::of(btf, ty.id())?) } else { None };
        let text = match &layout {
            Some(layout) => layout.with_cache_lines(self.cache_line).to_string(),
            None => c::definition(btf, ty.id())?,
        };
        Ok(TypeReport {
            id: ty.id().0,
            kind: ty.kind().to_string(),
            name: ty.name().to_owned(),
            declaration: layout.is_none().then(|| text.trim_end().to_owned()),
            layout: layout.map(|layout| LayoutReport {
                size: layout.size,
                align: layout.align,
                padding_bits: layout.padding,
                members: layout.slots.iter().map(member).collect(),
            }),
            text,
        })
    }
}

fn named<'a>(btf: &'a Btf, ty: &str) -> Result<Type<'a>, Failure> {
    if let Ok(id) = ty.parse() {
        return Ok(btf.ty(TypeId(id))?);
    }
    if let Some(found) = look_up(btf, ty)? {
        return Ok(found);
    }
    // Functions come last: many have the name of a struct.
    match btf.find(Kind::Func, ty)? {
        Some(function) => Ok(function),
        None => find(btf, ty),
    }
}

/// Unnamed structs nest no deeper than a layout lets them.
fn member(slot: &Slot) -> MemberReport {
    MemberReport {
        name: slot.name.clone(),
        declaration: slot.declaration.clone(),
        type_id: slot.ty.0,
        bits_offset: slot.offset.0,
        bits: slot.bits,
        hole_bits: slot.hole,
        members: slot.inner.iter().flat_map(|inner| &inner.slots).map(member).collect(),
    }
}

impl Report for TypeReport {
    fn text(&self, _: &Page) -> String {
        self.text.clone()
    }
}
