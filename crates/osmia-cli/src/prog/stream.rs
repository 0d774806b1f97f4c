//! What programs print to their own standard output and error.

use osmia_abi::flags::{BPF_STREAM_STDERR, BPF_STREAM_STDOUT};
use osmia_sys::{Bpf, Errno};

use crate::failure::Failure;
use crate::select::progs::Prog;

/// A stream of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Its name.
    pub name: &'static str,
    id: u32,
}

impl Stream {
    /// Those that each program has.
    pub const ALL: [Self; 2] = [
        Self { name: "stdout", id: BPF_STREAM_STDOUT },
        Self { name: "stderr", id: BPF_STREAM_STDERR },
    ];

    /// Takes out what a program has printed to it since.
    ///
    /// # Errors
    /// The kernel has no streams, or does not tell.
    pub fn take(self, bpf: &Bpf, prog: &Prog) -> Result<Vec<u8>, Failure> {
        let mut text = Vec::new();
        loop {
            let mut piece = [0; 4096];
            let len = bpf.prog_stream_read(&prog.fd, self.id, &mut piece).map_err(|errno| {
                let attempt = format!("read {} of program {}", self.name, prog.info.id);
                match errno {
                    Errno::INVAL => Failure::unsupported(format!(
                        "{attempt}: this kernel's programs have no streams (since 6.17)"
                    )),
                    errno => Failure::because(attempt, &errno),
                }
            })?;
            text.extend_from_slice(piece.get(..len).unwrap_or_default());
            // A program may print faster than this reads.
            if len == 0 || text.len() > MOST {
                return Ok(text);
            }
        }
    }
}

/// More than a stream holds at a time.
const MOST: usize = 1 << 20;
