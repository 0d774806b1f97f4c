//! Running other programs.

use std::{
    env,
    io::{BufRead, BufReader, Write as _},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};

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

/// How a watched command ended.
#[derive(Debug)]
pub(crate) enum End {
    /// By itself.
    Exited(ExitStatus),
    /// By us, after the time it was given.
    TimedOut,
}

/// Runs a command, hands each line of its output on as it comes, and ends it when its time is over.
///
/// Its standard input is empty and its standard error goes where ours goes.
pub(crate) fn watch(
    command: &mut Command,
    limit: Duration,
    mut line: impl FnMut(&str),
) -> Result<End> {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut child = child.with_context(|| shown(command))?;
    let deadline = Instant::now() + limit;
    let lines = lines_of(&mut child);
    loop {
        match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(text) => line(&text),
            Err(RecvTimeoutError::Disconnected) => return wait(&mut child, deadline),
            Err(RecvTimeoutError::Timeout) => return kill(&mut child),
        }
    }
}

/// Its output closed: all but over, unless it lives on in silence.
fn wait(child: &mut Child, deadline: Instant) -> Result<End> {
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait()? {
            return Ok(End::Exited(status));
        }
        thread::sleep(Duration::from_millis(5));
    }
    kill(child)
}

fn kill(child: &mut Child) -> Result<End> {
    child.kill()?;
    child.wait()?;
    Ok(End::TimedOut)
}

/// The lines of a child's standard output, read on a thread of its own so that waiting for them can end in time.
fn lines_of(child: &mut Child) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            let mut stdout = BufReader::new(stdout);
            let mut bytes = Vec::new();
            while stdout.read_until(b'\n', &mut bytes).is_ok_and(|length| length > 0) {
                let text =
                    String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned();
                bytes.clear();
                if sender.send(text).is_err() {
                    return;
                }
            }
        });
    }
    lines
}

/// Prints a line at once, so that it stands before what the next command prints.
pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    // Nobody may be listening any more; the exit code still tells.
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use std::{
        process::Command,
        time::{Duration, Instant},
    };

    use super::{End, watch};

    #[test]
    fn lines_come_in_order_and_the_end_is_told() {
        let mut lines = Vec::new();
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two; printf three; exit 3"]);
        let end = watch(&mut command, Duration::from_secs(20), |line| lines.push(line.to_owned()));
        assert_eq!(lines, ["one", "two", "three"]);
        assert!(matches!(end.unwrap(), End::Exited(status) if status.code() == Some(3)));
    }

    #[test]
    fn a_command_is_ended_in_time() {
        let started = Instant::now();
        let mut command = Command::new("sleep");
        let end = watch(command.arg("60"), Duration::from_millis(50), |_| ());
        assert!(matches!(end.unwrap(), End::TimedOut));
        assert!(started.elapsed() < Duration::from_secs(30));
    }
}
