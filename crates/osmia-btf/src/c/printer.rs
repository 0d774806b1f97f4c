//! Headers: all types, or what some of them need.

use std::fmt::Write;

use crate::btf::Btf;
use crate::c::catalog::Catalog;
use crate::c::order::Order;
use crate::c::writer::{DEPTH, Writer};
use crate::error::Error;
use crate::id::TypeId;
use crate::kind::Kind;

/// clang warns of an attribute that it finds no struct for, which is no fault where only other
/// types are wanted.
const HEAD: &str = "\
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#if defined(__clang__) && !defined(BPF_NO_PRESERVE_ACCESS_INDEX)
#pragma clang diagnostic push
#pragma clang diagnostic ignored \"-Wpragma-clang-attribute\"
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
#endif

";

const KFUNCS: &str = "
#ifndef BPF_NO_KFUNC_PROTOTYPES
#ifndef __ksym
#define __ksym __attribute__((section(\".ksyms\")))
#endif
#ifndef __weak
#define __weak __attribute__((weak))
#endif
#ifndef __bpf_fastcall
#if defined(__has_attribute)
#if __has_attribute(bpf_fastcall)
#define __bpf_fastcall __attribute__((bpf_fastcall))
#endif
#endif
#endif
#ifndef __bpf_fastcall
#define __bpf_fastcall
#endif

";

const KFUNCS_END: &str = "#endif /* BPF_NO_KFUNC_PROTOTYPES */\n";

const TAIL: &str = "
#if defined(__clang__) && !defined(BPF_NO_PRESERVE_ACCESS_INDEX)
#pragma clang attribute pop
#pragma clang diagnostic pop
#endif

#endif /* __VMLINUX_H__ */
";

/// Prints types as a C header for BPF programs: `vmlinux.h`.
///
/// clang gives each struct that is printed the size and the offsets that the BTF
/// tells, wherever C can express them: with `packed`, unnamed bitfields for gaps, and
/// members in place of unnamed ones. Types come in the order of their names as far as
/// what they need allows, and types that share a name are numbered (`ring___2`) by
/// their contents, so that headers of two kernels can be compared line by line.
/// CO-RE takes what is behind three underscores for no part of the name.
///
/// Functions that programs may call (`bpf_kfunc`) follow as weak prototypes. The header
/// heeds `BPF_NO_PRESERVE_ACCESS_INDEX` and `BPF_NO_KFUNC_PROTOTYPES`.
///
/// # Examples
/// ```
/// # fn main() -> Result<(), osmia_btf::Error> {
/// use osmia_btf::{Btf, Kind, c::Printer};
///
/// # let btf = Btf::parse(osmia_btf::doc_fixture(), None)?;
/// let point = btf.find(Kind::Struct, "point")?.expect("it is there");
/// let mut header = String::new();
/// Printer::new(&btf).roots([point.id()]).write(&mut header)?;
/// assert!(header.contains("struct point {\n\tint x;\n\tint y;\n};"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Printer<'a> {
    btf: &'a Btf,
    roots: Option<Vec<TypeId>>,
    kfuncs: bool,
}

impl<'a> Printer<'a> {
    /// Prints all types, and all functions that programs may call.
    pub fn new(btf: &'a Btf) -> Self {
        Self { btf, roots: None, kfuncs: true }
    }

    /// Prints these types only, and those that they need; functions among them become
    /// prototypes. Several calls add up.
    #[must_use]
    pub fn roots(mut self, ids: impl IntoIterator<Item = TypeId>) -> Self {
        self.roots.get_or_insert_default().extend(ids);
        self
    }

    /// Leaves out the functions that programs may call, or takes them in again.
    #[must_use]
    pub fn kfuncs(mut self, wanted: bool) -> Self {
        self.kfuncs = wanted;
        self
    }

    /// Writes the header.
    ///
    /// # Errors
    /// A record is broken, types contain each other in a circle, or `out` fails; what is
    /// written by then stays written.
    pub fn write(&self, out: &mut impl Write) -> Result<(), Error> {
        let catalog = Catalog::new(self.btf)?;
        let mut writer = Writer::new(self.btf, &catalog);
        let functions = self.functions(&catalog)?;
        for (name, _) in &functions {
            writer.reserve(name);
        }
        for named in catalog.named.iter().filter(|named| named.kind == Kind::Typedef) {
            writer.reserve(named.name);
        }
        writer.text.push_str(HEAD);
        let mut order = Order::new(writer, out)?;
        match &self.roots {
            Some(roots) => {
                for &root in roots {
                    order.define(root)?;
                }
            }
            None => define_all(&mut order, &catalog)?,
        }
        for (_, id) in &functions {
            order.define(*id)?;
        }
        if !functions.is_empty() {
            order.writer.text.push_str(KFUNCS);
            for (_, id) in &functions {
                prototype(&mut order, *id)?;
            }
            order.writer.text.push_str(KFUNCS_END);
        }
        order.writer.text.push_str(TAIL);
        order.flush(0)
    }

    /// The functions to print.
    fn functions(&self, catalog: &Catalog<'a>) -> Result<Vec<(&'a str, TypeId)>, Error> {
        let Some(roots) = &self.roots else {
            return Ok(if self.kfuncs { catalog.kfuncs.clone() } else { Vec::new() });
        };
        let mut functions = Vec::new();
        for &root in roots {
            let ty = self.btf.ty(root)?;
            if ty.kind() == Kind::Func {
                functions.push((ty.name(), root));
            }
        }
        functions.sort_unstable();
        functions.dedup_by_key(|(name, _)| *name);
        Ok(functions)
    }
}

/// Enums first, which need nothing and which comments and macros refer to most.
fn define_all<W: Write>(order: &mut Order<'_, '_, W>, catalog: &Catalog<'_>) -> Result<(), Error> {
    let is_enum = |kind| matches!(kind, Kind::Enum | Kind::Enum64);
    for named in catalog.named.iter().filter(|named| is_enum(named.kind)) {
        if order.writer.btf.ty_unnamed(named.id)?.vlen() > 0 {
            order.define(named.id)?;
        }
    }
    for named in catalog.named.iter().filter(|named| !is_enum(named.kind)) {
        order.define(named.id)?;
    }
    for &(_, id) in &catalog.anonymous_enums {
        if !order.writer.is_inlined(id) {
            order.define(id)?;
        }
    }
    Ok(())
}

fn prototype<W: Write>(order: &mut Order<'_, '_, W>, id: TypeId) -> Result<(), Error> {
    let ty = order.writer.btf.ty(id)?;
    let tags = order.writer.catalog.tags.get(&id).map_or(&[][..], Vec::as_slice);
    let fast = tags.iter().any(|tag| tag.text == "bpf_fastcall");
    order.writer.text.push_str("extern ");
    order.writer.declaration(ty.target().unwrap_or_default(), ty.name(), 0, DEPTH)?;
    order.writer.text.push_str(if fast { " __bpf_fastcall" } else { "" });
    order.writer.text.push_str(" __weak __ksym;\n");
    order.flush(1 << 15)
}
