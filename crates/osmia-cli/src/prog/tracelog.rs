//! `osmia prog tracelog`: what programs say.

use clap::Args;
use osmia_abi::flags::{BPF_STREAM_STDERR, BPF_STREAM_STDOUT};
use osmia_sys::Errno;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;
use crate::report::{Page, Report};
use crate::select::progs;
use crate::selector::Selector;
use crate::token;
use crate::trace::Trace;
use crate::words::Words;

/// The numbers of a program's streams.
const STREAMS: [(&str, u32); 2] = [("stdout", BPF_STREAM_STDOUT), ("stderr", BPF_STREAM_STDERR)];

/// The arguments of `osmia prog tracelog`.
#[derive(Args)]
#[command(after_help = "Examples:
  osmia prog tracelog                     follow bpf_printk, as `osmia trace`
  osmia prog tracelog stderr name drop    a program's stream (since 6.17)")]
pub struct Tracelog {
    /// A stream and its program
    #[arg(value_name = "stdout|stderr PROG")]
    words: Vec<String>,
    #[command(flatten)]
    trace: Trace,
}

impl Tracelog {
    /// Prints it.
    ///
    /// # Errors
    /// The messages cannot be read.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        if self.words.is_empty() {
            return self.trace.run(output);
        }
        let mut words = Words::new(&self.words);
        let name = words.keyword(&STREAMS.map(|(name, _)| name))?;
        let stream = STREAMS.iter().find(|(known, _)| *known == name).map_or(1, |(_, id)| *id);
        let selector = Selector::read(&mut words)?;
        words.end()?;
        let bpf = token::bpf()?;
        let prog = progs::one(&bpf, &selector)?;
        let mut text = Vec::new();
        loop {
            let mut piece = [0; 4096];
            let len = bpf.prog_stream_read(&prog.fd, stream, &mut piece).map_err(|errno| {
                let attempt = format!("read {name} of program {}", prog.info.id);
                match errno {
                    Errno::INVAL => Failure::unsupported(format!(
                        "{attempt}: this kernel's programs have no streams (since 6.17)"
                    )),
                    errno => Failure::because(attempt, &errno),
                }
            })?;
            if len == 0 {
                break;
            }
            text.extend_from_slice(piece.get(..len).unwrap_or_default());
        }
        let text = String::from_utf8_lossy(&text).into_owned();
        output.show(&Said { id: prog.info.id, stream: name, text })
    }
}

#[derive(Serialize)]
struct Said {
    id: u32,
    stream: &'static str,
    text: String,
}

impl Report for Said {
    fn text(&self, _: &Page) -> String {
        self.text.clone()
    }
}
