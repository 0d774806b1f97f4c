//! A process that loads an object, watched.

use std::io::{self, BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// What is loaded, and by whom.
pub struct Attempt<'a> {
    pub library: &'a str,
    pub object: &'a Path,
    pub pins: &'a Path,
    pub each: bool,
    /// How long the process may be silent, which is about one verdict.
    pub limit: Duration,
}

impl Attempt<'_> {
    /// All verdicts. What crashes or hangs the process gets one that says so, and a new process goes on behind it.
    pub fn verdicts(&self) -> Vec<Value> {
        let mut verdicts = Vec::new();
        loop {
            let known = verdicts.len();
            let mut trying = Value::Null;
            let ended = self.run(known, |said| match said.get("trying") {
                Some(program) => trying = program.clone(),
                None => verdicts.push(said),
            });
            let Err(why) = ended else { return verdicts };
            // It did not come to anything new: there is nothing behind it to go on with.
            if trying.is_null() && known > 0 {
                return verdicts;
            }
            verdicts.push(json!({
                "program": trying, "opened": false, "loaded": false, "broken": true, "why": why,
            }));
        }
    }

    /// Runs a process that leaves out what is known, and hands on what it says.
    fn run(&self, known: usize, mut hear: impl FnMut(Value)) -> Result<(), String> {
        let mut child = self.start(known).map_err(|error| error.to_string())?;
        let lines = lines_of(&mut child);
        loop {
            match lines.recv_timeout(self.limit) {
                Ok(line) => serde_json::from_str(&line).into_iter().for_each(&mut hear),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    child.kill().and_then(|()| child.wait()).map_err(|error| error.to_string())?;
                    return Err(format!("the loader hung for {} s", self.limit.as_secs()));
                }
            }
        }
        match child.wait() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("the loader crashed: {status}")),
            Err(error) => Err(error.to_string()),
        }
    }

    fn start(&self, known: usize) -> io::Result<Child> {
        Command::new("/proc/self/exe")
            .arg(self.library)
            .args([self.object, self.pins])
            .arg(if self.each { "each" } else { "whole" })
            .arg(known.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
    }
}

/// Its lines, read on a thread of its own so that waiting for them can end in time.
fn lines_of(child: &mut Child) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
    }
    lines
}
