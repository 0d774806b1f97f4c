//! Running a program and listening to it.

use std::io::{self, BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// How a watched command ended.
#[derive(Debug)]
pub enum End {
    /// By itself.
    Exited(ExitStatus),
    /// By us, after the time it was given.
    TimedOut,
}

/// Runs a command, hands each line of its output on as it comes, and ends it when its time is over.
///
/// Its standard input is empty and its standard error goes where ours goes, unless the command says
/// otherwise of that.
///
/// # Errors
/// The command cannot be run.
pub fn watch(
    command: &mut Command,
    limit: Duration,
    mut line: impl FnMut(&str),
) -> io::Result<End> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
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
fn wait(child: &mut Child, deadline: Instant) -> io::Result<End> {
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait()? {
            return Ok(End::Exited(status));
        }
        thread::sleep(Duration::from_millis(5));
    }
    kill(child)
}

fn kill(child: &mut Child) -> io::Result<End> {
    child.kill()?;
    child.wait()?;
    Ok(End::TimedOut)
}

/// The lines of a child's standard output, read on a thread of its own so that waiting for them can
/// end in time.
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

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::{Duration, Instant};

    use super::{End, watch};

    #[test]
    fn lines_come_in_order_and_the_end_is_told() {
        let mut lines = Vec::new();
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two; printf three; exit 3"]);
        let end = watch(&mut command, Duration::from_secs(20), |line| lines.push(line.to_owned()));
        assert_eq!(lines, ["one", "two", "three"]);
        assert!(matches!(end, Ok(End::Exited(status)) if status.code() == Some(3)));
    }

    #[test]
    fn a_command_is_ended_in_time() {
        let started = Instant::now();
        let mut command = Command::new("sleep");
        let end = watch(command.arg("60"), Duration::from_millis(50), |_| ());
        assert!(matches!(end, Ok(End::TimedOut)));
        assert!(started.elapsed() < Duration::from_secs(30));
    }
}
