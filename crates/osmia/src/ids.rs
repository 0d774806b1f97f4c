//! Walking the ids of a kernel's objects.

use osmia_sys::{Capability, IdKind};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;
use crate::kernel::refusal::denied;

/// A walk over the ids of one kind of object.
#[derive(Debug)]
pub(crate) struct Ids {
    kernel: Kernel,
    kind: IdKind,
    last: u32,
    over: bool,
}

impl Ids {
    pub(crate) fn new(kernel: &Kernel, kind: IdKind) -> Self {
        Self { kernel: kernel.clone(), kind, last: 0, over: false }
    }

    /// The next object that still exists when it is opened.
    pub(crate) fn next_with<T>(
        &mut self,
        open: impl Fn(&Kernel, u32) -> Result<T, Error>,
    ) -> Option<Result<T, Error>> {
        while !self.over {
            match self.kernel.bpf().next_id(self.kind, self.last) {
                Ok(Some(id)) => self.last = id,
                Ok(None) => self.over = true,
                Err(errno) => {
                    self.over = true;
                    let error = denied(&self.kernel, &[Capability::SysAdmin], errno);
                    return Some(Err(error.during("list the ids of the kernel's BPF objects")));
                }
            }
            if self.over {
                break;
            }
            match open(&self.kernel, self.last) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                opened => return Some(opened),
            }
        }
        None
    }
}
