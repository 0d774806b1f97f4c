//! Running other programs.

use std::{env, io::Write as _, path::PathBuf, process::Command, time::Duration};

use anyhow::{Context as _, Result, ensure};
pub(crate) use osmia_vm::End;

/// The path of a program, looked for as a shell would.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|dir| dir.join(name)).find(|path| path.is_file())
}

/// Runs a command to its end; an error if it cannot be run or fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| shown(command))?;
    ensure!(status.success(), "{}: {status}", shown(command));
    Ok(())
}

/// Runs a command to its end and returns what it printed; an error if it cannot be run or fails.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>> {
    let output = command.output().with_context(|| shown(command))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {}\n{said}", shown(command), output.status);
    Ok(output.stdout)
}

/// A command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// Runs a command and hands on its lines ([`osmia_vm::watch`]).
pub(crate) fn watch(command: &mut Command, limit: Duration, line: impl FnMut(&str)) -> Result<End> {
    osmia_vm::watch(command, limit, line).with_context(|| shown(command))
}

/// Prints a line at once, so that it stands before what the next command prints.
pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    // Nobody may be listening any more; the exit code still tells.
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
