//! Perf events: what programs of tracepoints, kprobes and uprobes are attached to.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd, RawFd};

use osmia_abi::PerfEventAttr;
use rustix::io::Errno;
use rustix::ioctl::{IntegerSetter, NoArg, opcode};

use crate::bpf::last_error;
use crate::kind::ProgFd;
use crate::{fd, ptr};

/// The event is closed on exec (`PERF_FLAG_FD_CLOEXEC`).
const CLOEXEC: libc::c_ulong = 1 << 3;
/// The number given as process is a cgroup's descriptor (`PERF_FLAG_PID_CGROUP`).
const PID_CGROUP: libc::c_ulong = 1 << 2;
/// The group of perf's ioctls.
const GROUP: u8 = b'$';

/// What happens.
#[derive(Clone, Copy, Debug)]
pub enum PerfEvent<'a> {
    /// A tracepoint, by the number that tracefs has for it.
    Tracepoint {
        /// The number.
        id: u64,
    },
    /// Something the processor counts (`PERF_COUNT_HW_*`).
    Hardware {
        /// What.
        config: u64,
    },
    /// Something the kernel counts (`PERF_COUNT_SW_*`).
    Software {
        /// What.
        config: u64,
    },
    /// Something of another source that counts, by the source's number in sysfs.
    Source {
        /// The number of the source.
        source: u32,
        /// What.
        config: u64,
    },
    /// A use of a place in memory.
    Breakpoint {
        /// The place.
        address: u64,
        /// Its length in bytes.
        bytes: u64,
        /// Which uses (`HW_BREAKPOINT_*`).
        access: u32,
    },
    /// The start of a kernel function, or its end where `config` has the source's `retprobe` bit.
    Kprobe {
        /// The number of the source `kprobe` in sysfs.
        source: u32,
        /// The bits of `config`.
        config: u64,
        /// The function; where there is none, `offset` is an address.
        function: Option<&'a CStr>,
        /// The bytes behind the start of the function.
        offset: u64,
    },
    /// A place in a program or library, or the end of the function there where `config` has the source's `retprobe`
    /// bit.
    Uprobe {
        /// The number of the source `uprobe` in sysfs.
        source: u32,
        /// The bits of `config`, with the place of the semaphore in the file in its upper half.
        config: u64,
        /// The file.
        path: &'a CStr,
        /// The place in the file.
        offset: u64,
    },
}

/// Where it must happen to count.
#[derive(Clone, Copy, Debug)]
pub enum PerfTarget<'a> {
    /// Anywhere on this CPU.
    Cpu(u32),
    /// In this process or thread, on any CPU; zero is the calling thread.
    Process(u32),
    /// In this process or thread, on this CPU.
    ProcessOnCpu(u32, u32),
    /// In a cgroup, on this CPU.
    Cgroup(BorrowedFd<'a>, u32),
}

/// What an event tells beside counting: fields of the kernel's `perf_event_attr`.
#[derive(Clone, Copy, Debug, Default)]
pub struct PerfSampling {
    /// A sample each so many times, or so many times a second where `flags` has `FREQ`.
    pub period: u64,
    /// What is in a sample (`PERF_SAMPLE_*`).
    pub sample_type: u64,
    /// After how many samples the reader is woken, or bytes where `flags` has `WATERMARK`.
    pub wakeup: u32,
    /// The bits that [`PerfEventAttr`] has names for.
    pub flags: u64,
    /// What [`PerfFd::read`] tells beside the count (`PERF_FORMAT_*`).
    pub read_format: u64,
}

/// An open perf event.
#[derive(Debug)]
pub struct PerfFd(OwnedFd);

impl PerfFd {
    /// perf_event_open(2): starts to count an event, or gets ready to where the flags have `DISABLED`.
    ///
    /// # Kernel
    ///
    /// The sources `kprobe` and `uprobe` exist since 4.17.
    ///
    /// # Errors
    ///
    /// `EACCES` or `EPERM` without `CAP_PERFMON` (`CAP_SYS_ADMIN` before 5.8), `ENOENT` or `EOPNOTSUPP` where the
    /// event does not exist, `EINVAL` where a function cannot be probed.
    pub fn open(
        event: &PerfEvent<'_>,
        target: PerfTarget<'_>,
        sampling: &PerfSampling,
    ) -> Result<Self, Errno> {
        let mut attr = attr(event);
        attr.sample_period = sampling.period;
        attr.sample_type = sampling.sample_type;
        attr.wakeup_events = sampling.wakeup;
        attr.flags = sampling.flags;
        attr.read_format = sampling.read_format;
        let (pid, cpu, flags) = place(target)?;
        // SAFETY: the attributes are whole, and their only pointers are texts that the kernel reads to the NUL.
        let fd = unsafe {
            libc::syscall(libc::SYS_perf_event_open, &raw const attr, pid, cpu, -1, flags | CLOEXEC)
        };
        let fd = RawFd::try_from(fd).map_err(|_| Errno::OVERFLOW)?;
        if fd < 0 {
            return Err(last_error());
        }
        // SAFETY: the kernel has just opened it, so nobody else owns it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Starts to count.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn enable(&self) -> Result<(), Errno> {
        // SAFETY: the request takes no argument.
        unsafe { rustix::ioctl::ioctl(&self.0, NoArg::<{ opcode::none(GROUP, 0) }>::new()) }
    }

    /// Stops counting.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn disable(&self) -> Result<(), Errno> {
        // SAFETY: the request takes no argument.
        unsafe { rustix::ioctl::ioctl(&self.0, NoArg::<{ opcode::none(GROUP, 1) }>::new()) }
    }

    /// Stops writing to the event's ring, or goes on; what is to be written meanwhile is lost.
    ///
    /// # Kernel
    ///
    /// Since 4.7.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the event has no ring.
    pub fn pause_output(&self, pause: bool) -> Result<(), Errno> {
        const PAUSE_OUTPUT: rustix::ioctl::Opcode = opcode::write::<u32>(GROUP, 9);
        let pause = usize::from(pause);
        // SAFETY: the request takes a number by value.
        unsafe { rustix::ioctl::ioctl(&self.0, IntegerSetter::<PAUSE_OUTPUT>::new_usize(pause)) }
    }

    /// Reads the count, and behind it what `read_format` asked for, as many numbers as there are.
    ///
    /// # Errors
    ///
    /// `ENOSPC` if there are more than there is room for.
    pub fn read(&self, numbers: &mut [u64]) -> Result<usize, Errno> {
        let bytes = rustix::io::read(&self.0, zerocopy::IntoBytes::as_mut_bytes(numbers))?;
        Ok(bytes / size_of::<u64>())
    }

    /// Attaches a program, for as long as the event is open.
    ///
    /// # Kernel
    ///
    /// Since 4.1; from 5.15 on a link does the same.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the program's type does not suit the event, `EEXIST` if it is attached, `E2BIG` if too many are.
    pub fn set_bpf(&self, prog: &ProgFd) -> Result<(), Errno> {
        const SET_BPF: rustix::ioctl::Opcode = opcode::write::<u32>(GROUP, 8);
        let number = fd::raw(prog) as usize;
        // SAFETY: the request takes a descriptor by value.
        unsafe { rustix::ioctl::ioctl(&self.0, IntegerSetter::<SET_BPF>::new_usize(number)) }
    }

    /// The ids of the programs that are attached to the event's tracepoint or probe, as many as there is room for; and
    /// how many there are. Without any room it only tells how many.
    ///
    /// # Kernel
    ///
    /// Since 4.16.
    ///
    /// # Errors
    ///
    /// `ENOSPC` if there are more than there is room for; `EINVAL` if the event is of another kind.
    pub fn query_bpf(&self, ids: &mut [u32]) -> Result<usize, Errno> {
        const QUERY_BPF: rustix::ioctl::Opcode = opcode::read_write::<usize>(GROUP, 10);
        let mut query = vec![ptr::len(ids)?, 0];
        query.resize(2 + ids.len(), 0);
        // SAFETY: the request reads the room from the first number and writes at most as many ids behind the second;
        // all of it is ours.
        let result = unsafe { libc::ioctl(self.0.as_raw_fd(), QUERY_BPF as _, query.as_mut_ptr()) };
        if result < 0 {
            return Err(last_error());
        }
        let count = query.get(1).map_or(0, |count| *count as usize);
        ids.iter_mut().zip(query.iter().skip(2)).for_each(|(to, from)| *to = *from);
        Ok(count)
    }

    /// The descriptor alone.
    pub fn into_fd(self) -> OwnedFd {
        self.0
    }
}

impl AsFd for PerfFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn attr(event: &PerfEvent<'_>) -> PerfEventAttr {
    // A program's attributes are longer than an old kernel's; what is behind is zero, which it accepts.
    let mut attr = PerfEventAttr { size: size_of::<PerfEventAttr>() as u32, ..Default::default() };
    match *event {
        PerfEvent::Hardware { config } => attr.config = config,
        PerfEvent::Software { config } => (attr.type_, attr.config) = (1, config),
        PerfEvent::Tracepoint { id } => (attr.type_, attr.config) = (2, id),
        PerfEvent::Source { source, config } => (attr.type_, attr.config) = (source, config),
        PerfEvent::Breakpoint { address, bytes, access } => {
            (attr.type_, attr.bp_type) = (5, access);
            (attr.config1, attr.config2) = (address, bytes);
        }
        PerfEvent::Kprobe { source, config, function, offset } => {
            (attr.type_, attr.config) = (source, config);
            (attr.config1, attr.config2) = (function.map_or(0, ptr::text), offset);
        }
        PerfEvent::Uprobe { source, config, path, offset } => {
            (attr.type_, attr.config) = (source, config);
            (attr.config1, attr.config2) = (ptr::text(path), offset);
        }
    }
    attr
}

fn place(target: PerfTarget<'_>) -> Result<(i32, i32, libc::c_ulong), Errno> {
    let number = |number: u32| i32::try_from(number).map_err(|_| Errno::INVAL);
    Ok(match target {
        PerfTarget::Cpu(cpu) => (-1, number(cpu)?, 0),
        PerfTarget::Process(pid) => (number(pid)?, -1, 0),
        PerfTarget::ProcessOnCpu(pid, cpu) => (number(pid)?, number(cpu)?, 0),
        PerfTarget::Cgroup(cgroup, cpu) => (cgroup.as_raw_fd(), number(cpu)?, PID_CGROUP),
    })
}
