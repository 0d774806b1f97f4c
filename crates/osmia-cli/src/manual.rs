//! Completions and manual pages, made of the definition of the command line.

use std::fs;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;
use serde::Serialize;

use crate::cli::Cli;
use crate::failure::Failure;
use crate::output::Output;
use crate::report::{Page, Report};

/// The arguments of `osmia completions`.
#[derive(Args)]
#[command(after_help = "Examples:
  osmia completions bash > /etc/bash_completion.d/osmia
  osmia completions zsh > ~/.zfunc/_osmia
  osmia completions fish > ~/.config/fish/completions/osmia.fish")]
pub struct Completions {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

/// The arguments of `osmia man`.
#[derive(Args)]
#[command(after_help = "Examples:
  osmia man | man -l -
  osmia man /usr/share/man/man1")]
pub struct Man {
    /// Where to write a page for each verb; without, the first page is printed
    directory: Option<PathBuf>,
}

#[derive(Serialize)]
struct Written {
    directory: PathBuf,
    pages: usize,
}

impl Completions {
    /// Prints them.
    ///
    /// # Errors
    /// Nobody reads them.
    pub fn run(&self) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "osmia", &mut script);
        Output::raw(&script)
    }
}

impl Man {
    /// Prints or writes them.
    ///
    /// # Errors
    /// The directory cannot be written.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let mut command = Cli::command();
        command.build();
        let failed = |error| Failure::because("make the manual", &error);
        let Some(directory) = &self.directory else {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page).map_err(failed)?;
            return Output::raw(&page);
        };
        let mut left = vec![("osmia".to_owned(), command)];
        let mut pages = 0;
        while let Some((name, command)) = left.pop() {
            let within = command.get_subcommands().filter(|within| !within.is_hide_set());
            left.extend(
                within.map(|within| (format!("{name}-{}", within.get_name()), within.clone())),
            );
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page).map_err(failed)?;
            let file = directory.join(format!("{name}.1"));
            fs::write(&file, page)
                .map_err(|error| Failure::because(format!("write {}", file.display()), &error))?;
            pages += 1;
        }
        output.show(&Written { directory: directory.clone(), pages })
    }
}

impl Report for Written {
    fn text(&self, _: &Page) -> String {
        format!("{} pages in {}\n", self.pages, self.directory.display())
    }
}
