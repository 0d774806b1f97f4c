//! What is done to links.

use std::path::PathBuf;

use clap::Args;
use osmia_sys::Errno;

use crate::failure::Failure;
use crate::pins::pin;
use crate::select::links;
use crate::selector::Selector;
use crate::token;
use crate::words::Words;

// The arguments of `osmia link pin`.
#[derive(Args)]
#[command(after_help = "Example:\n  osmia link pin id 5 /sys/fs/bpf/my_link")]
pub struct Pin {
    /// Which link, and where to
    #[arg(value_name = "LINK PATH", required = true)]
    words: Vec<String>,
}

// The arguments of `osmia link detach`.
#[derive(Args)]
#[command(after_help = "Example:\n  osmia link detach id 5")]
pub struct Detach {
    /// Which link
    #[arg(value_name = "LINK", required = true)]
    which: Vec<String>,
}

impl Pin {
    /// Pins it.
    ///
    /// # Errors
    /// There is no such link, or the path is none for a pin.
    pub fn run(&self) -> Result<(), Failure> {
        let mut words = Words::new(&self.words);
        let selector = Selector::read(&mut words)?;
        let path = PathBuf::from(words.next("the path to pin to")?);
        words.end()?;
        let bpf = token::bpf()?;
        let link = links::one(&bpf, &selector)?;
        pin(&bpf, &format!("link {}", link.info.id), &link.fd, &path)
    }
}

impl Detach {
    /// Detaches it.
    ///
    /// # Errors
    /// There is no such link, or links of its type go only when they are closed.
    pub fn run(&self) -> Result<(), Failure> {
        let mut words = Words::new(&self.which);
        let selector = Selector::read(&mut words)?;
        words.end()?;
        let bpf = token::bpf()?;
        let link = links::one(&bpf, &selector)?;
        let attempt = format!("detach link {}", link.info.id);
        bpf.link_detach(&link.fd).map_err(|errno| match errno {
            Errno::OPNOTSUPP => Failure::unsupported(format!(
                "{attempt}: links of type {} go only with their last holder and pin (`osmia link \
                 show {} -f`)",
                link.info.type_.name().unwrap_or("unknown"),
                link.info.id,
            )),
            errno => Failure::because(attempt, &errno),
        })
    }
}
