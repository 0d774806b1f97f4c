//! What programs print to their standard output and error.

use std::fmt;
use std::io::{self, Read};

use osmia_abi::flags::{BPF_STREAM_STDERR, BPF_STREAM_STDOUT};
use osmia_sys::Errno;

use crate::error::Error;
use crate::error::kind::{ErrorKind, Release};
use crate::program::Program;

/// What a program printed to one of its streams with `bpf_stream_vprintk`, or the kernel about it: a stuck loop or a
/// fault in its arena is reported to its standard error.
///
/// Reading takes it out. The end of what is there now is read as the end of a file; more may come.
///
/// # Kernel
/// Since 6.17. A stream holds 100 kB and drops what comes then.
///
/// # Examples
/// ```no_run
/// # fn show(program: &osmia::Program) -> Result<(), Box<dyn std::error::Error>> {
/// use std::io::Read;
///
/// let mut text = String::new();
/// program.stderr()?.read_to_string(&mut text)?;
/// print!("{text}");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ProgramStream {
    program: Program,
    id: u32,
}

impl Program {
    /// What the program prints to its standard output.
    ///
    /// # Errors
    /// `Unsupported`: the kernel has no streams; `Invalid`: the program is not in a kernel.
    pub fn stdout(&self) -> Result<ProgramStream, Error> {
        ProgramStream::new(self, BPF_STREAM_STDOUT)
    }

    /// What the program, and the kernel about it, prints to its standard error.
    ///
    /// # Errors
    /// As for [`Program::stdout`].
    pub fn stderr(&self) -> Result<ProgramStream, Error> {
        ProgramStream::new(self, BPF_STREAM_STDERR)
    }
}

impl ProgramStream {
    fn new(program: &Program, id: u32) -> Result<Self, Error> {
        let stream = Self { program: program.clone(), id };
        match stream.pull(&mut []) {
            Ok(_) => Ok(stream),
            Err(error) => Err(error.during(format!("read what `{}` prints", program.name()))),
        }
    }

    fn pull(&self, buf: &mut [u8]) -> Result<usize, Error> {
        let program = self.program.kernel("reading what it prints")?;
        let read = program.kernel_value().bpf().prog_stream_read(program.fd(), self.id, buf);
        read.map_err(|errno| match errno {
            Errno::INVAL => {
                let (feature, since) = ("streams of programs", Release::new(6, 17));
                let kind = ErrorKind::Unsupported { feature, since };
                Error::new(kind, "this kernel has no streams of programs").caused_by(errno)
            }
            _ => Error::new(ErrorKind::System, "the kernel does not tell").caused_by(errno),
        })
    }
}

impl Read for ProgramStream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.pull(buf).map_err(io::Error::other)
    }
}

impl fmt::Debug for ProgramStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProgramStream")
            .field("program", &self.program.name())
            .field("id", &self.id)
            .finish()
    }
}
