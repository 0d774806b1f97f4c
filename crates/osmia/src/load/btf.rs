//! The object's types in the kernel.

use std::collections::HashMap;
use std::os::fd::{AsFd as _, BorrowedFd};

use bytes::Bytes;
use osmia_btf::{Btf, Builder, KernelBtf, Kind, Linkage, SectionVar, Type};
use osmia_object::ObjectSpec;
use osmia_sys::{BtfFd, Errno, Log};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;
use crate::kernel::feature::Feature;
use crate::load::Load;

/// The object's types, or why the kernel has them not.
#[derive(Debug)]
pub(super) enum ProgramBtf {
    /// It has none.
    None,
    /// The kernel keeps them.
    Loaded(BtfFd),
    /// The kernel does not take them; maps and programs go without.
    Refused(Error),
}

impl ProgramBtf {
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Loaded(fd) => Some(fd.as_fd()),
            _ => None,
        }
    }

    /// Why the kernel has them not, if it should.
    pub(super) fn into_note(self) -> Option<Error> {
        match self {
            Self::Refused(error) => Some(error),
            _ => None,
        }
    }
}

impl Load<'_> {
    /// The object's types in the kernel, loaded at the first call.
    pub(super) fn btf(&self) -> &ProgramBtf {
        self.btf.get_or_init(|| match &self.spec.btf {
            Some(btf) => load(self.kernel, self.spec, btf),
            None => ProgramBtf::None,
        })
    }
}

fn load(kernel: &Kernel, spec: &ObjectSpec, btf: &Btf) -> ProgramBtf {
    match try_load(kernel, spec, btf) {
        Ok(fd) => ProgramBtf::Loaded(fd),
        Err(error) => {
            let attempt = format!("give the types of object `{}` to the kernel", spec.name);
            ProgramBtf::Refused(error.during(attempt))
        }
    }
}

fn try_load(kernel: &Kernel, spec: &ObjectSpec, btf: &Btf) -> Result<BtfFd, Error> {
    let broken = |error: osmia_btf::Error| {
        Error::new(ErrorKind::Malformed, "its BTF cannot be prepared").caused_by(error)
    };
    let prepared = prepare(spec, btf).map_err(broken)?;
    let first = match kernel.bpf().btf_load(&prepared, &mut Log::default(), None) {
        Ok(fd) => return Ok(fd),
        Err(Errno::PERM) if kernel.memlock().lift(kernel) => {
            kernel.bpf().btf_load(&prepared, &mut Log::default(), None).map_err(Some)
        }
        Err(errno) => Err(Some(errno)),
    };
    if let Ok(fd) = first {
        return Ok(fd);
    }
    if kernel.features().lacks(kernel.bpf(), Feature::Btf) {
        return Err(Error::new(Feature::Btf.lacking(), "this kernel keeps no BTF"));
    }
    let known = known(kernel);
    let parsed = Btf::parse(prepared.clone(), None).map_err(broken)?;
    let older = parsed.sanitised(&known).map_err(broken)?;
    with_log(kernel, older.as_bytes())
}

/// The last attempt, with a log that says what is wrong.
fn with_log(kernel: &Kernel, btf: &[u8]) -> Result<BtfFd, Error> {
    let mut buf = vec![0; 64 * 1024];
    let mut log = Log { level: 1, buf: &mut buf, true_size: 0 };
    kernel.bpf().btf_load(btf, &mut log, None).map_err(|errno| {
        let text = String::from_utf8_lossy(log.text()).into_owned();
        let last = text.lines().rev().map(str::trim).find(|line| !line.is_empty());
        let why = last.unwrap_or("the kernel refuses them and does not say why").to_owned();
        Error::new(ErrorKind::Invalid, why).caused_by(errno)
    })
}

/// Which kinds of types this kernel knows.
fn known(kernel: &Kernel) -> KernelBtf {
    let has = |feature| !kernel.features().lacks(kernel.bpf(), feature);
    KernelBtf {
        func: has(Feature::BtfFunctions),
        datasec: has(Feature::BtfDataSections),
        func_global: has(Feature::BtfGlobalFunctions),
        float: has(Feature::BtfFloats),
        decl_tag: has(Feature::BtfDeclTags),
        type_tag: has(Feature::BtfTypeTags),
        enum64: has(Feature::BtfEnum64),
        // Without these an object loses nothing.
        optional_datasec: false,
        layout: false,
    }
}

/// The object's types as a kernel takes them: compilers leave the places of variables open, and
/// call functions global that are hidden.
fn prepare(spec: &ObjectSpec, btf: &Btf) -> Result<Bytes, osmia_btf::Error> {
    let mut builder = None;
    let hidden = spec.functions.iter().filter(|function| function.linkage == Linkage::Static);
    for id in hidden.filter_map(|function| function.btf_type) {
        if btf.ty(id)?.linkage() == Some(Linkage::Global) {
            begin(&mut builder, btf)?.set_linkage(id, Linkage::Static)?;
        }
    }
    for ty in btf.own_types()? {
        let ty = ty?;
        if ty.kind() != Kind::DataSec {
            continue;
        }
        if ty.name() == ".ksyms" {
            begin(&mut builder, btf)?.settle_ksyms(ty.id())?;
            continue;
        }
        if let Some((size, vars)) = placed(spec, btf, &ty)? {
            begin(&mut builder, btf)?.set_section(ty.id(), size, &vars)?;
        }
    }
    match builder {
        Some(builder) => builder.to_bytes(),
        None => Ok(btf.as_bytes().clone()),
    }
}

fn begin<'b>(
    builder: &'b mut Option<Builder>,
    btf: &Btf,
) -> Result<&'b mut Builder, osmia_btf::Error> {
    if builder.is_none() {
        *builder = Some(Builder::from_btf(btf)?);
    }
    builder.as_mut().ok_or(osmia_btf::Error::Strings("is lost"))
}

/// A section's size and the places of its variables, if they differ from what the BTF says.
fn placed(
    spec: &ObjectSpec,
    btf: &Btf,
    ty: &Type<'_>,
) -> Result<Option<(u32, Vec<SectionVar>)>, osmia_btf::Error> {
    let Some(map) = spec.maps.get(ty.name()) else {
        // Of sections that are no maps (`license`, `.maps`, `.ksyms`) only the size matters.
        return Ok(sized(btf, ty));
    };
    let inside = spec.variables.values().filter(|variable| variable.map == map.name);
    // Several static variables may have the same name; each has a type of its own.
    let mut places: HashMap<&str, Vec<(u32, u32)>> = HashMap::new();
    for variable in inside {
        places.entry(&variable.name).or_default().push((variable.offset, variable.size));
    }
    let mut vars = Vec::new();
    for var in ty.section_vars() {
        let name = btf.ty(var.var)?.name();
        let place = places.get_mut(name).and_then(Vec::pop);
        let (offset, size) = place.unwrap_or((var.offset, var.size));
        vars.push(SectionVar { var: var.var, offset, size });
    }
    let same = ty.own_size() == Some(map.value_size) && ty.section_vars().eq(vars.iter().copied());
    Ok((!same).then_some((map.value_size, vars)))
}

/// A size for a section that has none, which the kernel would refuse.
fn sized(btf: &Btf, ty: &Type<'_>) -> Option<(u32, Vec<SectionVar>)> {
    let (mut at, mut vars) = (0u32, Vec::new());
    for var in ty.section_vars() {
        let size = if var.size == 0 { btf.size_of(var.var).unwrap_or(1) } else { var.size };
        vars.push(SectionVar { var: var.var, offset: at, size });
        at = at.saturating_add(size.next_multiple_of(8));
    }
    (ty.own_size() == Some(0)).then_some((at, vars))
}
