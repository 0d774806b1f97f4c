//! Manual pages, made of the definition of the command line.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::{Args, Command, CommandFactory as _};
use serde::Serialize;

use crate::cli::Cli;
use crate::failure::Failure;
use crate::output::Output;
use crate::put::put;
use crate::report::{Page, Report};

// The arguments of `osmia man`.
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
            let page = page("osmia", command, &["bpf(2)".to_owned()]).map_err(failed)?;
            return Output::raw(&page);
        };
        let mut left = vec![("osmia".to_owned(), command, vec!["bpf(2)".to_owned()])];
        let mut pages = 0;
        while let Some((name, command, see)) = left.pop() {
            let verbs = verbs(&name, &command);
            for (verb, own) in &verbs {
                let beside = verbs.iter().map(|(other, _)| other).filter(|other| *other != verb);
                let see = std::iter::once(&name).chain(beside).map(|page| format!("{page}(1)"));
                // The first page's verbs are too many to stand on each of theirs.
                let most = if name == "osmia" { 1 } else { usize::MAX };
                left.push((verb.clone(), own.clone(), see.take(most).collect()));
            }
            let page = page(&name, command, &see).map_err(failed)?;
            let file = directory.join(format!("{name}.1"));
            fs::write(&file, page)
                .map_err(|error| Failure::because(format!("write {}", file.display()), &error))?;
            pages += 1;
        }
        output.show(&Written { directory: directory.clone(), pages })
    }
}

/// The verbs below a command that are shown, under the names of their pages.
fn verbs(name: &str, command: &Command) -> Vec<(String, Command)> {
    let shown = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    shown.map(|verb| (format!("{name}-{}", verb.get_name()), verb.clone())).collect()
}

/// A page, and which others to see.
fn page(name: &str, command: Command, see: &[String]) -> io::Result<Vec<u8>> {
    let mut see = see.to_vec();
    // The pages of verbs are named among the verbs, but not as one calls them up.
    see.extend(verbs(name, &command).into_iter().map(|(verb, _)| format!("{verb}(1)")));
    let mut page = Vec::new();
    let more = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let has = (command.get_arguments().count() > 0, command.get_subcommands().count() > 0);
    let has_version = command.get_version().is_some();
    let man = clap_mangen::Man::new(command);
    man.render_title(&mut page)?;
    // Commands are neither broken nor stretched.
    page.extend_from_slice(b".nh\n.ad l\n");
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    if has.0 {
        man.render_options_section(&mut page)?;
    }
    if has.1 {
        man.render_subcommands_section(&mut page)?;
    }
    page.extend_from_slice(sections(&more).as_bytes());
    if has_version {
        man.render_version_section(&mut page)?;
    }
    let see: Vec<String> = see
        .iter()
        .filter_map(|page| page.split_once('('))
        .map(|(page, section)| format!("\\fB{}\\fR({section}", page.replace('-', "\\-")))
        .collect();
    writeln!(page, ".SH \"SEE ALSO\"\n{}", see.join(", "))?;
    Ok(page)
}

/// Before and behind lines that stay as they are. Further to the left than sentences, so that what fits the help fits
/// the page.
const LITERAL: (&str, &str) = (".nf\n.in 4n\n", ".in\n.fi\n");

/// What follows the options in the help: examples and lists as they stand, sentences filled.
fn sections(help: &str) -> String {
    let mut text = String::new();
    let (mut title, mut literal) = ("", false);
    for line in help.lines() {
        let is_head = matches!(line, "Example:" | "Examples:");
        let wanted = match line {
            _ if is_head => "EXAMPLES",
            line if line.is_empty() || line.starts_with(' ') => title,
            _ => "NOTES",
        };
        if wanted != title {
            let end = if literal { LITERAL.1 } else { "" };
            put!(text, "{end}.SH {wanted}\n");
            (title, literal) = (wanted, false);
        }
        let verbatim = line.starts_with(' ') || line.is_empty() && literal;
        if verbatim != literal && !is_head {
            text.push_str(if verbatim { LITERAL.0 } else { LITERAL.1 });
            literal = verbatim;
        }
        match line {
            _ if is_head => {}
            "" if literal => text.push('\n'),
            "" => text.push_str(".PP\n"),
            line => put!(text, "\\&{}\n", escaped(line.strip_prefix("  ").unwrap_or(line))),
        }
    }
    if literal {
        text.push_str(LITERAL.1);
    }
    text
}

/// Text that the formatter of pages takes as it is.
fn escaped(line: &str) -> String {
    line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq")
}

impl Report for Written {
    fn text(&self, _: &Page) -> String {
        format!("{} pages in {}\n", self.pages, self.directory.display())
    }
}

#[cfg(test)]
mod tests {
    use super::sections;

    #[test]
    fn examples_stay_as_they_are() {
        let help = "Words follow:\n  type TYPE   what it is\n\nExamples:\n  osmia x -y 'z'   a\\b\n\nIt ends.";
        let expected = ".SH NOTES\n\\&Words follow:\n.nf\n.in 4n\n\\&type TYPE   what it is\n\n\
                        .in\n.fi\n.SH EXAMPLES\n.nf\n.in 4n\n\\&osmia x \\-y \\(aqz\\(aq   a\\eb\n\n\
                        .in\n.fi\n.SH NOTES\n\\&It ends.\n";
        assert_eq!(sections(help), expected);
    }
}
