//! `osmia prog pin`.

use std::path::PathBuf;

use clap::Args;

use crate::failure::Failure;
use crate::pins::pin;
use crate::select::progs;
use crate::selector::Selector;
use crate::token;
use crate::words::Words;

// The arguments of `osmia prog pin`.
#[derive(Args)]
#[command(after_help = "Example:\n  osmia prog pin name drop /sys/fs/bpf/drop")]
pub struct Pin {
    /// Which program, and where to
    #[arg(value_name = "PROG PATH", required = true)]
    words: Vec<String>,
}

impl Pin {
    /// Pins it.
    ///
    /// # Errors
    /// There is no such program or several, or the path is none for a pin.
    pub fn run(&self) -> Result<(), Failure> {
        let mut words = Words::new(&self.words);
        let selector = Selector::read(&mut words)?;
        let path = PathBuf::from(words.next("the path to pin to")?);
        words.end()?;
        let bpf = token::bpf()?;
        let prog = progs::one(&bpf, &selector)?;
        pin(&bpf, &format!("program {}", prog.info.id), &prog.fd, &path)
    }
}
