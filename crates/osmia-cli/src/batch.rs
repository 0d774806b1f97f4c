//! `osmia batch`: many commands from a file.

use std::path::PathBuf;
use std::process::{Command as Process, Stdio};

use clap::{Args, Parser as _};
use serde_json::{Value, json};

use crate::cli::{Cli, Command};
use crate::failure::Failure;
use crate::output::{Form, Output};

// The arguments of `osmia batch`.
#[derive(Args)]
#[command(
    after_help = "One command a line, without `osmia`. # begins a comment, a \\ at the end of a \
line goes on with the next, quotes keep words together. The first command that \
fails ends it.

Example:
  printf 'prog list\\nlink list\\n' | osmia batch file -"
)]
pub struct Batch {
    /// The file; - is the standard input
    #[arg(value_name = "file FILE", required = true, num_args = 1..=2)]
    words: Vec<String>,
}

impl Batch {
    /// Does the commands.
    ///
    /// # Errors
    /// A command fails.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let file = match self.words.as_slice() {
            [file] => file,
            [keyword, file] if "file".starts_with(keyword.as_str()) => file,
            _ => return Err(Failure::usage("`file FILE` is expected")),
        };
        let text = match file.as_str() {
            "-" => std::io::read_to_string(std::io::stdin()),
            file => std::fs::read_to_string(PathBuf::from(file)),
        };
        let text = text.map_err(|error| Failure::because(format!("read {file}"), &error))?;
        let commands = commands(&text)?;
        if output.form() == Form::Text {
            for (line, words) in &commands {
                in_place(words, output).map_err(|failure| failure.during(at(file, *line)))?;
            }
            return Ok(());
        }
        let mut done = Vec::new();
        let mut failed = None;
        for (line, words) in &commands {
            let (row, outcome) = as_json(words)?;
            done.push(row);
            if let Some(failure) = outcome {
                failed = Some(failure.during(at(file, *line)));
                break;
            }
        }
        output.json(&done)?;
        failed.map_or(Ok(()), Err)
    }
}

fn at(file: &str, line: usize) -> String {
    let file = if file == "-" { "standard input" } else { file };
    format!("{file}, line {line}")
}

/// The commands, and the lines that they begin with.
fn commands(text: &str) -> Result<Vec<(usize, Vec<String>)>, Failure> {
    let (mut commands, mut open) = (Vec::new(), None::<(usize, String)>);
    for (number, line) in (1..).zip(text.lines()) {
        let (start, mut whole) = open.take().unwrap_or((number, String::new()));
        match line.strip_suffix('\\') {
            Some(line) => {
                whole.extend([line, " "]);
                open = Some((start, whole));
                continue;
            }
            None => whole.push_str(line),
        }
        let words = shlex::split(&whole)
            .ok_or_else(|| Failure::usage(format!("line {start}: a quote is not closed")))?;
        if !words.is_empty() {
            commands.push((start, words));
        }
    }
    match open {
        None => Ok(commands),
        Some((start, _)) => Err(Failure::usage(format!("line {start}: nothing follows the \\"))),
    }
}

fn in_place(words: &[String], output: &mut Output) -> Result<(), Failure> {
    let arguments = std::iter::once("osmia").chain(words.iter().map(String::as_str));
    let cli = Cli::try_parse_from(arguments).map_err(|error| {
        let text = error.to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text);
        Failure::usage(text.lines().next().unwrap_or_default())
    })?;
    if matches!(cli.command, Command::Batch(_)) {
        return Err(Failure::usage("a batch cannot be in a batch"));
    }
    crate::run(&cli.command, output)
}

/// A command by a process of its own, whose output can be kept; and its complaint if it failed.
fn as_json(words: &[String]) -> Result<(Value, Option<Failure>), Failure> {
    let failed = |error| Failure::because("start a command of the batch", &error);
    if words.first().is_some_and(|noun| !noun.is_empty() && "batch".starts_with(noun.as_str())) {
        return Err(Failure::usage("a batch cannot be in a batch"));
    }
    let osmia = std::env::current_exe().map_err(failed)?;
    let ran = Process::new(osmia)
        .arg("--json")
        .args(words)
        .stdin(Stdio::null())
        .output()
        .map_err(failed)?;
    let out = String::from_utf8_lossy(&ran.stdout);
    let mut values = serde_json::Deserializer::from_str(&out).into_iter::<Value>();
    let first = values.next().transpose()?;
    let value = match first {
        None => Value::Null,
        Some(first) => match values.collect::<Result<Vec<_>, _>>()? {
            rest if rest.is_empty() => first,
            rest => std::iter::once(first).chain(rest).collect(),
        },
    };
    let failure = (!ran.status.success()).then(|| {
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        let told = serde_json::from_str::<Value>(&said).ok();
        let told = told.and_then(|told| Some(told.get("error")?.as_str()?.to_owned()));
        Failure::of_command(ran.status.code(), told.unwrap_or_else(|| said.trim().to_owned()))
    });
    Ok((json!({ "command": words, "output": value }), failure))
}

#[cfg(test)]
mod tests {
    use super::commands;

    #[test]
    fn lines_are_commands() {
        let text = "# a comment\nprog list\n\nmap update name 'a b' \\\nkey 1 # another\n";
        let found = commands(text).unwrap();
        let words = |at: usize| found[at].1.join("|");
        assert_eq!((found[0].0, words(0)), (2, "prog|list".to_owned()));
        assert_eq!((found[1].0, words(1)), (4, "map|update|name|a b|key|1".to_owned()));
        assert!(commands("x 'y").is_err());
        assert!(commands("x \\").is_err());
    }
}
