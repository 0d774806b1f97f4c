//! Attaching programs to perf events, and iterators.

use osmia_abi::AttachType;
use osmia_sys::Capability;

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::link::iteration::{Iteration, IterationOutput};
use crate::link::perf_event::PerfEvent;
use crate::link::{Link, iteration, perf_event};
use crate::program::kinds::{PerfEventProgram, TracingProgram};

impl PerfEventProgram {
    /// Lets it run whenever this was counted often enough, on one CPU or in one process.
    ///
    /// # Kernel
    /// Since 4.9. It is a link since 5.15.
    ///
    /// # Errors
    /// `NotFound`: this machine does not count it, or there is no such CPU or process; `Permission`.
    pub fn attach(&self, event: &PerfEvent) -> Result<Link, Error> {
        self.attached(|program| perf_event::attach(program.kernel_value(), program.fd(), event))
    }

    /// Lets it run on each CPU that is online, whatever runs there or the event's process.
    ///
    /// # Errors
    /// As for [`attach`](Self::attach); then it is attached to none.
    pub fn attach_to_all_cpus(&self, event: &PerfEvent) -> Result<Vec<Link>, Error> {
        let cpus = osmia_sys::online_cpus().map_err(|errno| {
            Error::new(ErrorKind::System, "list the CPUs that are online").caused_by(errno)
        })?;
        cpus.into_iter().map(|cpu| self.attach(&event.cpu(cpu as u32))).collect()
    }
}

impl TracingProgram {
    /// Makes the link of an iterator (`SEC("iter/task")`), which may be pinned: reading the pin runs it.
    ///
    /// # Kernel
    /// Since 5.8.
    ///
    /// # Errors
    /// `Invalid`: the program is no iterator, or what it walks must be said; `Unsupported`; `Permission`.
    pub fn attach_iterator(&self, over: &Iteration) -> Result<Link, Error> {
        self.attached(|program| {
            if self.attach_type() != Some(AttachType::TRACE_ITER) {
                return Err(Error::invalid("it is no iterator, as those of SEC(\"iter/...\") are"));
            }
            let target = self.attach_target().unwrap_or_default();
            iteration::attach(program.kernel_value(), program.fd(), target, over)
        })
    }

    /// Runs an iterator over what there is now; reading the output runs the program.
    ///
    /// # Kernel
    /// Since 5.8.
    ///
    /// # Errors
    /// As for [`attach_iterator`](Self::attach_iterator).
    ///
    /// # Examples
    /// ```no_run
    /// # fn example(tasks: osmia::TracingProgram) -> Result<(), osmia::Error> {
    /// use osmia::Iteration;
    ///
    /// let text = tasks.iterate(&Iteration::new())?.bytes()?;
    /// println!("{}", String::from_utf8_lossy(&text));
    /// # Ok(())
    /// # }
    /// ```
    pub fn iterate(&self, over: &Iteration) -> Result<IterationOutput, Error> {
        self.attach_iterator(over)?.iterate()
    }
}

impl Link {
    /// Starts another walk of an iterator's link, such as one from a pin.
    ///
    /// # Kernel
    /// Since 5.8.
    ///
    /// # Errors
    /// `Invalid`: it is no iterator's link.
    pub fn iterate(&self) -> Result<IterationOutput, Error> {
        let attempt = || format!("run {}", self.place());
        let link = self.link_fd().ok_or_else(|| self.no_link().during(attempt()))?;
        let started = self.kernel().bpf().iter_create(link);
        let output = started.map_err(|errno| {
            crate::link::refused::refused(self.kernel(), &[Capability::Perfmon], errno, attempt())
        })?;
        Ok(IterationOutput::new(output.into()))
    }
}
