//! The object's types in the kernel.

use std::os::fd::{AsFd as _, BorrowedFd};

use osmia_btf::Btf;
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
            Some(btf) => load(self.kernel, &self.spec.name, btf),
            None => ProgramBtf::None,
        })
    }
}

fn load(kernel: &Kernel, name: &str, btf: &Btf) -> ProgramBtf {
    match try_load(kernel, btf) {
        Ok(fd) => ProgramBtf::Loaded(fd),
        Err(error) => {
            let attempt = format!("give the types of object `{name}` to the kernel");
            ProgramBtf::Refused(error.during(attempt))
        }
    }
}

fn try_load(kernel: &Kernel, btf: &Btf) -> Result<BtfFd, Error> {
    let prepared = btf.as_bytes();
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
    if kernel.features().lacks(kernel.bpf(), Feature::Btf) {
        return Err(Error::new(Feature::Btf.lacking(), "this kernel keeps no BTF"));
    }
    with_log(kernel, prepared)
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
