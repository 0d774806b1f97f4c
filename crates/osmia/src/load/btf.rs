//! The object's types in the kernel.

use std::os::fd::{AsFd as _, BorrowedFd};
use std::sync::Arc;

use osmia_btf::{Btf, KernelBtf};
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
    Loaded(Arc<BtfFd>),
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

    /// The types for maps that are made later.
    pub(super) fn shared(&self) -> Option<Arc<BtfFd>> {
        match self {
            Self::Loaded(fd) => Some(Arc::clone(fd)),
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
}

fn load(kernel: &Kernel, spec: &ObjectSpec) -> ProgramBtf {
    match try_load(kernel, spec) {
        Ok(Some(fd)) => ProgramBtf::Loaded(fd.into()),
        Ok(None) => ProgramBtf::None,
        Err(error) => {
            let attempt = format!("give the types of object `{}` to the kernel", spec.name);
            ProgramBtf::Refused(error.during(attempt))
        }
    }
}

fn try_load(kernel: &Kernel, spec: &ObjectSpec) -> Result<Option<BtfFd>, Error> {
    let unfit = || Error::new(ErrorKind::Malformed, "its BTF cannot be prepared");
    let settled = spec.settled_btf().map_err(|error| unfit().caused_by(error))?;
    let Some(prepared) = settled else { return Ok(None) };
    let first = match kernel.bpf().btf_load(&prepared, &mut Log::default(), None) {
        Ok(fd) => return Ok(Some(fd)),
        Err(Errno::PERM) if kernel.memlock().lift(kernel) => {
            kernel.bpf().btf_load(&prepared, &mut Log::default(), None).map_err(Some)
        }
        Err(errno) => Err(Some(errno)),
    };
    if let Ok(fd) = first {
        return Ok(Some(fd));
    }
    if kernel.known_features().lacks(kernel.bpf(), Feature::Btf) {
        return Err(Error::new(Feature::Btf.lacking(), "this kernel keeps no BTF"));
    }
    let known = known(kernel);
    let parsed = Btf::parse(prepared.clone(), None).map_err(|error| unfit().caused_by(error))?;
    let older = parsed.sanitised(&known).map_err(|error| unfit().caused_by(error))?;
    with_log(kernel, older.as_bytes()).map(Some)
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
