//! What the object expects others to provide, and the layout of the `.kconfig` map.

use std::collections::HashMap;

use indexmap::IndexMap;
use osmia_btf::{Btf, Kind, Linkage, TypeId};

use crate::error::Error;
use crate::extern_spec::{ExternKind, ExternSpec};
use crate::read::elf::Symbol;
use crate::read::source::{Source, types};

/// The section of values of the kernel's configuration.
pub(crate) const KCONFIG: &str = ".kconfig";
const KSYMS: &str = ".ksyms";

/// Reads the undefined symbols; also gives the size of the `.kconfig` map's value.
pub(crate) fn read(source: &Source<'_>) -> Result<(IndexMap<String, ExternSpec>, u32), Error> {
    let any = source.elf.symbols.iter().any(Symbol::is_extern);
    let typed = match &source.btf {
        Some(btf) if any => declared(btf)?,
        _ => HashMap::new(),
    };
    let mut externs = IndexMap::new();
    let mut config = Vec::new();
    for symbol in source.elf.symbols.iter().filter(|symbol| symbol.is_extern()) {
        let mut kind = ExternKind::Object;
        let mut ty = None;
        if let (Some(btf), Some(declared)) = (&source.btf, typed.get(symbol.name)) {
            ty = Some(declared.ty);
            kind = declared.kind();
            if declared.section == KCONFIG {
                config.push(Value::new(btf, symbol.name, declared.ty)?);
            }
        }
        let name = source.budget.name(symbol.name)?;
        let weak = symbol.is_weak();
        externs.insert(name, ExternSpec { name: source.budget.name(symbol.name)?, kind, weak, ty });
    }
    let size = lay_out(&mut externs, config)?;
    Ok((externs, size))
}

/// What the types say of an extern.
struct Declared<'a> {
    section: &'a str,
    function: bool,
    ty: TypeId,
}

impl Declared<'_> {
    fn kind(&self) -> ExternKind {
        match (self.section, self.function) {
            (KCONFIG, false) => ExternKind::Kconfig { offset: 0, size: 0 },
            (KSYMS, false) => ExternKind::KernelVariable,
            (KSYMS, true) => ExternKind::KernelFunction,
            _ => ExternKind::Object,
        }
    }
}

/// All externs that the types declare, by name.
fn declared(btf: &Btf) -> Result<HashMap<&str, Declared<'_>>, Error> {
    let mut section_of = HashMap::new();
    let mut externs = HashMap::new();
    for ty in btf.own_types().map_err(types)? {
        let ty = ty.map_err(types)?;
        if ty.kind() == Kind::DataSec && matches!(ty.name(), KCONFIG | KSYMS) {
            section_of.extend(ty.section_vars().map(|var| (var.var, ty.name())));
        }
        if let (Kind::Var | Kind::Func, Some(Linkage::Extern), Some(target)) =
            (ty.kind(), ty.linkage(), ty.target())
        {
            let function = ty.kind() == Kind::Func;
            let declared = Declared { section: "", function, ty: target };
            externs.insert(ty.name(), (ty.id(), declared));
        }
    }
    let placed = externs.into_iter().map(|(name, (id, mut declared))| {
        declared.section = section_of.get(&id).copied().unwrap_or_default();
        (name, declared)
    });
    Ok(placed.collect())
}

/// A value of the kernel's configuration that needs a place.
struct Value<'a> {
    name: &'a str,
    size: u32,
    align: u32,
}

impl<'a> Value<'a> {
    fn new(btf: &Btf, name: &'a str, ty: TypeId) -> Result<Self, Error> {
        let size = btf.size_of(ty).map_err(types)?;
        let align = btf.align_of(ty).map_err(types)?.max(1);
        Ok(Self { name, size, align })
    }
}

/// Gives each value its place: strictly aligned ones first, small ones before large ones,
/// then by name; the order that libbpf has.
fn lay_out(
    externs: &mut IndexMap<String, ExternSpec>,
    mut values: Vec<Value<'_>>,
) -> Result<u32, Error> {
    values.sort_by(|a, b| b.align.cmp(&a.align).then(a.size.cmp(&b.size)).then(a.name.cmp(b.name)));
    let mut end: u32 = 0;
    for value in values {
        let too_large = || Error::Symbol {
            symbol: value.name.to_owned(),
            section: KCONFIG.to_owned(),
            problem: "the values of the configuration are larger than a map".to_owned(),
        };
        let offset = end.checked_next_multiple_of(value.align).ok_or_else(too_large)?;
        end = offset.checked_add(value.size).ok_or_else(too_large)?;
        if i32::try_from(end).is_err() {
            return Err(too_large());
        }
        if let Some(spec) = externs.get_mut(value.name) {
            spec.kind = ExternKind::Kconfig { offset, size: value.size };
        }
    }
    Ok(end)
}
