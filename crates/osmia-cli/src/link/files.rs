//! `osmia link A.o B.o -o OUT.o`: objects instead of attachments.

use std::path::PathBuf;

use clap::Args;
use osmia_btf::near::nearest;

use crate::compile::CompileOptions;
use crate::failure::Failure;
use crate::obj::link::link_files;
use crate::output::Output;

/// The verbs that a word may have been meant as.
const VERBS: [&str; 4] = ["show", "list", "pin", "detach"];

// The arguments of `osmia link` if no verb is the first of them.
#[derive(Args)]
pub struct LinkFiles {
    /// BPF objects to link to one; more in `osmia obj link --help`
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The object to write
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl LinkFiles {
    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.out.is_none()
    }

    /// Links the files.
    ///
    /// # Errors
    /// The first word is no verb and there is nothing to write to, or as for `osmia obj link`.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        match (&self.out, self.files.first()) {
            (Some(out), Some(_)) => {
                link_files(&self.files, out, &CompileOptions::default(), output)
            }
            (Some(out), None) => {
                let problem = "the objects to link are missing";
                Err(Failure::usage(format!("{}: {problem}", out.display())))
            }
            (None, first) => {
                let word = first.map_or_else(String::new, |file| file.display().to_string());
                let near = nearest(&word, VERBS);
                let near = near.map_or_else(String::new, |verb| format!("; did you mean {verb}?"));
                Err(Failure::usage(format!(
                    "'{word}' is no verb of osmia link{near} (there are: {}); to link objects, \
                     name the one to write: osmia link A.o B.o -o OUT.o",
                    VERBS.join(", ")
                )))
            }
        }
    }
}
