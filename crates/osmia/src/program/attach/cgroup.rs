//! Attaching programs to control groups.

use crate::error::Error;
use crate::link::cgroup::Cgroup;
use crate::link::{Link, cgroup, security};
use crate::program::kinds::{CgroupProgram, LsmProgram};

impl CgroupProgram {
    /// Attaches it to a cgroup.
    ///
    /// # Kernel
    /// Since 4.10, other types later. It is a link since 5.7; before, it is a setting of the cgroup, which is undone
    /// when the [`Link`] is dropped.
    ///
    /// # Errors
    /// `NotFound`: there is no such cgroup; `Invalid`: it is not of the unified tree; `Busy`: another program does not
    /// share it; `Permission`.
    ///
    /// # Examples
    /// ```no_run
    /// # fn example(connects: osmia::CgroupProgram) -> Result<(), osmia::Error> {
    /// use osmia::Cgroup;
    ///
    /// let _link = connects.attach(&Cgroup::new("/sys/fs/cgroup/web"))?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn attach(&self, cgroup: &Cgroup) -> Result<Link, Error> {
        self.attached(|program| {
            cgroup::attach(program.kernel_value(), program.fd(), self.attach_type(), cgroup)
        })
    }
}

impl LsmProgram {
    /// Attaches a program of `SEC("lsm_cgroup/...")` for the processes of a cgroup.
    ///
    /// # Kernel
    /// Since 6.0.
    ///
    /// # Errors
    /// As for [`CgroupProgram::attach`]; `Unsupported`.
    pub fn attach_to_cgroup(&self, cgroup: &Cgroup) -> Result<Link, Error> {
        self.attached(|program| {
            security::check(program.kernel_value())?;
            cgroup::attach(program.kernel_value(), program.fd(), self.attach_type(), cgroup)
        })
    }
}
