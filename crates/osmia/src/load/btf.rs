//! The object's types in the kernel.

use std::os::fd::{AsFd as _, BorrowedFd};
use std::sync::Arc;

use bytes::Bytes;
use osmia_abi::ProgType;
use osmia_btf::{Btf, KernelBtf, TypeId};
use osmia_object::ObjectSpec;
use osmia_sys::{BtfFd, Errno, Log};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;
use crate::kernel::feature::Feature;
use crate::load::Load;
use crate::load::context_types::{self, ContextTypes};

/// The object's types, or why the kernel has them not.
#[derive(Debug)]
pub(super) enum ProgramBtf {
    /// It has none.
    None,
    /// The kernel keeps them.
    Loaded(Arc<BtfFd>, ContextTypes),
    /// The kernel does not take them; maps and programs go without.
    Refused(Error),
}

impl ProgramBtf {
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Loaded(fd, _) => Some(fd.as_fd()),
            _ => None,
        }
    }

    /// The types for maps that are made later.
    pub(super) fn shared(&self) -> Option<Arc<BtfFd>> {
        match self {
            Self::Loaded(fd, _) => Some(Arc::clone(fd)),
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
            Some(_) => load(self.kernel, self.spec),
            None => ProgramBtf::None,
        })
    }

    /// What a function's type is in the kernel, for programs of this type.
    pub(super) fn function_type(&self, id: TypeId, prog_type: ProgType) -> TypeId {
        let marked = || self.spec.btf.as_ref().is_some_and(context_types::are_marked);
        if !*self.marks_contexts.get_or_init(marked) {
            return id;
        }
        match self.btf() {
            ProgramBtf::Loaded(_, contexts) => contexts.of(id, prog_type),
            _ => id,
        }
    }
}

fn load(kernel: &Kernel, spec: &ObjectSpec) -> ProgramBtf {
    match try_load(kernel, spec) {
        Ok(Some((fd, contexts))) => ProgramBtf::Loaded(fd.into(), contexts),
        Ok(None) => ProgramBtf::None,
        Err(error) => {
            let attempt = format!("give the types of object `{}` to the kernel", spec.name);
            ProgramBtf::Refused(error.during(attempt))
        }
    }
}

fn try_load(kernel: &Kernel, spec: &ObjectSpec) -> Result<Option<(BtfFd, ContextTypes)>, Error> {
    let unfit = || Error::new(ErrorKind::Malformed, "its BTF cannot be prepared");
    let settled = spec.settled_btf().map_err(|error| unfit().caused_by(error))?;
    let Some(settled) = settled else { return Ok(None) };
    let features = kernel.known_features();
    let (prepared, contexts) = match &spec.btf {
        Some(btf)
            if context_types::are_marked(btf)
                && features.lacks(kernel.bpf(), Feature::ContextTags) =>
        {
            context_types::add(spec, &settled).map_err(|error| unfit().caused_by(error))?
        }
        _ => (settled, ContextTypes::default()),
    };
    give(kernel, &prepared).map(|fd| Some((fd, contexts)))
}

/// Gives types to the kernel, without what it does not know.
fn give(kernel: &Kernel, prepared: &Bytes) -> Result<BtfFd, Error> {
    let unfit = || Error::new(ErrorKind::Malformed, "its BTF cannot be prepared");
    let first = match kernel.bpf().btf_load(prepared, &mut Log::default(), None) {
        Ok(fd) => return Ok(fd),
        Err(Errno::PERM) if kernel.memlock().lift(kernel) => {
            kernel.bpf().btf_load(prepared, &mut Log::default(), None).map_err(Some)
        }
        Err(errno) => Err(Some(errno)),
    };
    if let Ok(fd) = first {
        return Ok(fd);
    }
    if kernel.known_features().lacks(kernel.bpf(), Feature::Btf) {
        return Err(Error::new(Feature::Btf.lacking(), "this kernel keeps no BTF"));
    }
    let known = known(kernel);
    let parsed = Btf::parse(prepared.clone(), None).map_err(|error| unfit().caused_by(error))?;
    let older = parsed.sanitised(&known).map_err(|error| unfit().caused_by(error))?;
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
    let has = |feature| !kernel.known_features().lacks(kernel.bpf(), feature);
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
