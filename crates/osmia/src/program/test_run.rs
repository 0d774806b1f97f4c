//! Running a program by hand.

use std::time::Duration;

use osmia_abi::ProgType;
use osmia_abi::flags::BPF_F_TEST_XDP_LIVE_FRAMES;
use osmia_sys::Errno;
use zerocopy::{Immutable, IntoBytes};

use crate::error::Error;
use crate::plain::Plain;
use crate::program::Program;
use crate::program::test_refusal::refused;

/// By how much a packet may have grown; more is asked for where that does not do.
const GROWTH: usize = 512;
/// The longest packet that comes out.
const LONGEST: usize = 0x1_0000 + GROWTH;

/// What a test run gets: a packet, a context, how often.
///
/// # Examples
/// ```
/// use osmia::TestRun;
///
/// // A packet, for socket filters, tc, XDP: at least an Ethernet header.
/// let packet = TestRun::data(&[0; 14]).repeat(100);
/// // A context, for raw tracepoints and `syscall` programs.
/// let context = TestRun::new().ctx(&[1u64, 2]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct TestRun<'a> {
    pub(super) data: &'a [u8],
    pub(super) ctx: &'a [u8],
    pub(super) repeat: u32,
    pub(super) cpu: Option<u32>,
    pub(super) flags: u32,
    pub(super) batch_size: u32,
}

impl<'a> TestRun<'a> {
    /// Neither packet nor context.
    pub fn new() -> Self {
        Self::default()
    }

    /// With this packet.
    pub fn data(data: &'a [u8]) -> Self {
        Self { data, ..Self::default() }
    }

    /// The same with this context: the struct that the program's type takes, or an array of
    /// arguments.
    #[must_use]
    pub fn ctx<C: IntoBytes + Immutable + ?Sized>(mut self, ctx: &'a C) -> Self {
        self.ctx = ctx.as_bytes();
        self
    }

    /// The same so many times, which makes the duration exact.
    #[must_use]
    pub fn repeat(mut self, times: u32) -> Self {
        self.repeat = times;
        self
    }

    /// The same on this CPU; for raw tracepoints.
    ///
    /// # Kernel
    /// Since 5.10.
    #[must_use]
    pub fn cpu(mut self, cpu: u32) -> Self {
        self.cpu = Some(cpu);
        self
    }

    /// The same with packets that are sent on as the XDP program's verdict says, so many at a time.
    ///
    /// # Kernel
    /// Since 5.18.
    #[must_use]
    pub fn live_frames(mut self, batch_size: u32) -> Self {
        self.flags |= BPF_F_TEST_XDP_LIVE_FRAMES;
        self.batch_size = batch_size;
        self
    }

    /// The same with these `BPF_F_TEST_*` flags as well.
    #[must_use]
    pub fn flags(mut self, flags: u32) -> Self {
        self.flags |= flags;
        self
    }
}

/// What a test run gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TestRunResult {
    /// What the program returned, the last time.
    pub retval: u32,
    /// How long one run took on average.
    pub duration: Duration,
    /// The packet afterwards; empty if there was none.
    pub data_out: Vec<u8>,
    /// The context afterwards; empty if there was none, or the type does not give it back.
    pub ctx_out: Vec<u8>,
}

impl TestRunResult {
    /// The context afterwards as a struct, in which members that this kernel does not know are 0;
    /// `None` if there is none.
    pub fn ctx<C: Plain>(&self) -> Option<C> {
        let mut ctx = C::new_zeroed();
        ctx.as_mut_bytes().iter_mut().zip(&self.ctx_out).for_each(|(to, from)| *to = *from);
        (!self.ctx_out.is_empty()).then_some(ctx)
    }
}

/// Which of the outputs a type of program has.
struct Outputs {
    data: bool,
    ctx: bool,
}

fn outputs(prog_type: ProgType) -> Outputs {
    match prog_type {
        ProgType::RAW_TRACEPOINT
        | ProgType::RAW_TRACEPOINT_WRITABLE
        | ProgType::TRACING
        | ProgType::SYSCALL => Outputs { data: false, ctx: false },
        // Its context goes in only.
        ProgType::SK_LOOKUP => Outputs { data: false, ctx: true },
        _ => Outputs { data: true, ctx: true },
    }
}

/// Runs a program.
pub(super) fn run(program: &Program, run: &TestRun<'_>) -> Result<TestRunResult, Error> {
    let place = program.place()?;
    let has = outputs(program.prog_type());
    let live = run.flags & BPF_F_TEST_XDP_LIVE_FRAMES != 0;
    let wants_data = has.data && !run.data.is_empty() && !live;
    let mut room = if wants_data { run.data.len().saturating_add(GROWTH) } else { 0 };
    loop {
        let mut data_out = vec![0; room];
        let mut ctx_in = run.ctx.to_vec();
        let mut ctx_out = vec![0; if has.ctx && !live { run.ctx.len() } else { 0 }];
        let mut call = osmia_sys::TestRun {
            data_in: run.data,
            data_out: &mut data_out,
            ctx_in: &mut ctx_in,
            ctx_out: &mut ctx_out,
            repeat: run.repeat,
            flags: run.flags,
            cpu: run.cpu,
            batch_size: run.batch_size,
        };
        let ran = match place.test_run(&mut call) {
            Ok(ran) => ran,
            Err(Errno::NOSPC) if wants_data && room < LONGEST => {
                room = LONGEST;
                continue;
            }
            Err(errno) => return Err(refused(program, run, errno)),
        };
        data_out.truncate(ran.data_size as usize);
        ctx_out.truncate(ran.ctx_size as usize);
        if program.prog_type() == ProgType::SYSCALL {
            // Such a program changes its context where it is.
            ctx_out = ctx_in;
        }
        return Ok(TestRunResult { retval: ran.retval, duration: ran.duration, data_out, ctx_out });
    }
}
