//! Running a program by hand.
#![allow(unsafe_code)]

use std::time::Duration;

use osmia_abi::flags::BPF_F_TEST_RUN_ON_CPU;
use osmia_abi::{Cmd, ProgTestRunAttr};
use rustix::io::Errno;

use crate::bpf::Bpf;
use crate::kind::ProgFd;
use crate::{fd, ptr};

/// The most that a packet can grow to, and the room before it.
const LARGEST_PACKET: usize = 0x1_0000 + 512;

/// What `BPF_PROG_TEST_RUN` takes, and room for what comes out.
#[derive(Debug, Default)]
pub struct TestRun<'a> {
    /// The packet.
    pub data_in: &'a [u8],
    /// Room for the packet afterwards.
    pub data_out: &'a mut [u8],
    /// The context. Programs of type `syscall` write to it.
    pub ctx_in: &'a mut [u8],
    /// Room for the context afterwards.
    pub ctx_out: &'a mut [u8],
    /// How often to run; zero is once.
    pub repeat: u32,
    /// `BPF_F_TEST_*`; the one that goes with `cpu` is set by itself.
    pub flags: u32,
    /// The CPU to run on, for raw tracepoints.
    pub cpu: Option<u32>,
    /// How many packets are handled at a time, for live frames.
    pub batch_size: u32,
}

/// What a test run gave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ran {
    /// What the program returned.
    pub retval: u32,
    /// How long the packet is now.
    pub data_size: u32,
    /// How long the context is.
    pub ctx_size: u32,
    /// How long a run took on average.
    pub duration: Duration,
}

/// Test runs.
impl Bpf {
    /// `BPF_PROG_TEST_RUN`: runs a program with a packet or context of the caller's, in the kernel.
    ///
    /// # Kernel
    ///
    /// Since 4.12; contexts since 5.2, `flags` and `cpu` since 5.10. Which types can be run differs: socket filters,
    /// tc, XDP, flow dissectors, raw tracepoints, `syscall`, netfilter, and others.
    ///
    /// # Errors
    ///
    /// `ENOTSUPP` (524) if the type cannot be run, `EINVAL` for a packet or context of the wrong size, `ENOSPC` if
    /// what comes out does not fit (the sizes in the answer are lost), `EINTR` if a signal came between two runs.
    pub fn prog_test_run(&self, prog: &ProgFd, run: &mut TestRun<'_>) -> Result<Ran, Errno> {
        let mut bounce = Vec::new();
        let bounces = !run.data_out.is_empty() && ignores_room();
        if bounces {
            bounce = vec![0; LARGEST_PACKET.max(run.data_out.len())];
        }
        let data_out = if bounces { &mut *bounce } else { &mut *run.data_out };
        let mut attr = ProgTestRunAttr {
            prog_fd: fd::raw(prog),
            data_size_in: ptr::len(run.data_in)?,
            data_size_out: ptr::len(data_out)?,
            data_in: ptr::read(run.data_in),
            data_out: ptr::write(data_out),
            repeat: run.repeat,
            ctx_size_in: ptr::len(run.ctx_in)?,
            ctx_size_out: ptr::len(run.ctx_out)?,
            ctx_in: ptr::write(run.ctx_in),
            ctx_out: ptr::write(run.ctx_out),
            flags: run.flags | run.cpu.map_or(0, |_| BPF_F_TEST_RUN_ON_CPU),
            cpu: run.cpu.unwrap_or(0),
            batch_size: run.batch_size,
            ..ProgTestRunAttr::default()
        };
        let at_least = std::mem::offset_of!(ProgTestRunAttr, ctx_size_in);
        // SAFETY: packet and context are read within their lengths. They are written within theirs, as an empty
        // slice is a null pointer; a kernel that ignores the room has room for the largest packet.
        let result = unsafe { self.call(Cmd::PROG_TEST_RUN, &mut attr, at_least, &[]) };
        run.data_out.iter_mut().zip(&bounce).for_each(|(to, from)| *to = *from);
        result?;
        if bounces && attr.data_size_out as usize > run.data_out.len() {
            return Err(Errno::NOSPC);
        }
        Ok(Ran {
            retval: attr.retval,
            data_size: attr.data_size_out,
            ctx_size: attr.ctx_size_out,
            duration: Duration::from_nanos(u64::from(attr.duration)),
        })
    }
}

/// Whether the kernel writes the whole packet, whatever room there is for it: those before 5.0 do. That cannot
/// be probed without giving them the chance, so here alone the version decides.
fn ignores_room() -> bool {
    let name = rustix::system::uname();
    let release = name.release().to_string_lossy();
    let major = release.split('.').next().and_then(|major| major.parse::<u32>().ok());
    major.is_none_or(|major| major < 5)
}
