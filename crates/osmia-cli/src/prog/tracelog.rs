//! `osmia prog tracelog`: what programs say.

use clap::Args;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;
use crate::prog::stream::Stream;
use crate::report::{Page, Report};
use crate::select::progs;
use crate::selector::Selector;
use crate::token;
use crate::trace::Trace;
use crate::words::Words;

// The arguments of `osmia prog tracelog`.
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
        let name = words.keyword(&Stream::ALL.map(|stream| stream.name))?;
        let selector = Selector::read(&mut words)?;
        words.end()?;
        let bpf = token::bpf()?;
        let prog = progs::one(&bpf, &selector)?;
        let mut text = Vec::new();
        for stream in Stream::ALL.into_iter().filter(|stream| stream.name == name) {
            text = stream.take(&bpf, &prog)?;
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
