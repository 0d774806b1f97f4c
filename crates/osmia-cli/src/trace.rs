//! `osmia trace`: what programs print, with `bpf_printk` or to their own streams.

mod streams;

use std::path::Path;
use std::slice;
use std::time::{Duration, Instant};

use clap::Args;
use glob::Pattern;
use osmia::{Kernel, TraceLine, TracePipe};
use osmia_sys::{Bpf, Poller};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;
use crate::prog::printed;
use crate::report::{Page, Report};
use crate::run::options::duration;
use crate::run::printk::PrintkFilter;
use crate::run::signals::Signals;
use crate::select::progs;
use crate::selector::Selector;
use crate::trace::streams::{Line, Streams};
use crate::words::Words;

/// How often streams are looked into, which nobody is woken for.
const LOOK: Duration = Duration::from_millis(100);

// The arguments of `osmia trace`.
#[derive(Args)]
#[command(
    after_help = "All programs of the system are heard, in a trace buffer of our own: others lose nothing. \
Messages do not tell their programs; filters go by process and text, and --by by the formats that a program's \
calls of bpf_printk have. With --prog the standard output and error of \
programs are followed instead (since 6.17); what is read is taken out of them.

Examples:
  osmia trace
  osmia trace --pid 1234 --grep '*refused*'
  osmia trace --by drop                       what this program prints with bpf_printk
  osmia trace --prog drop --prog 117          what these programs print to their streams
  osmia trace --json --duration 10s"
)]
pub struct Trace {
    /// Follow what a program prints to its streams: an id, a name, or the path of a pin
    #[arg(long, value_name = "PROG", conflicts_with_all = ["pid", "comm", "cpu"])]
    prog: Vec<String>,
    /// Only messages that this program can have printed: an id, a name, or the path of a pin
    #[arg(long, value_name = "PROG", conflicts_with = "prog")]
    by: Vec<String>,
    /// Only messages from this process or thread
    #[arg(long, value_name = "PID")]
    pid: Vec<u32>,
    /// Only messages from processes whose names fit a pattern
    #[arg(long, value_name = "PATTERN")]
    comm: Option<Pattern>,
    /// Only messages that fit a pattern, or have it in them if it has no *
    #[arg(long, value_name = "PATTERN")]
    grep: Option<String>,
    /// Only messages from this CPU
    #[arg(long, value_name = "CPU")]
    cpu: Option<u32>,
    /// Stop after so many messages
    #[arg(long, short = 'n', value_name = "COUNT")]
    count: Option<u64>,
    /// Stop after this time
    #[arg(long, value_name = "TIME", value_parser = duration)]
    duration: Option<Duration>,
}

/// A message; the fields of JSON.
#[derive(Serialize)]
struct Printed {
    timestamp: f64,
    cpu: u32,
    pid: u32,
    comm: String,
    message: String,
}

#[derive(Serialize)]
struct Lost {
    lost: u64,
}

impl Trace {
    /// Prints messages until a signal comes, or enough have.
    ///
    /// # Errors
    /// The messages cannot be read, or nobody reads ours.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let text = self.pattern()?;
        match self.prog.is_empty() {
            true => self.printk(text.as_ref(), output),
            false => self.streams(text.as_ref(), output),
        }
    }

    /// What messages have to fit.
    fn pattern(&self) -> Result<Option<Pattern>, Failure> {
        let text = match &self.grep {
            Some(text) if !text.contains(['*', '?', '[']) => {
                Some(format!("*{}*", Pattern::escape(text)))
            }
            text => text.clone(),
        };
        let text = text.map(|text| Pattern::new(&text)).transpose();
        text.map_err(|error| Failure::usage(format!("--grep: {error}")))
    }

    fn end(&self) -> Option<Instant> {
        self.duration.and_then(|duration| Instant::now().checked_add(duration))
    }

    /// Follows what the programs that are named print to their streams.
    fn streams(&self, text: Option<&Pattern>, output: &mut Output) -> Result<(), Failure> {
        let mut signals = Signals::catch()?;
        let mut streams = Streams::open(&self.prog)?;
        let waits = |errno| Failure::because("wait for messages", &errno);
        let mut poller = Poller::new().map_err(waits)?;
        poller.add(&signals, 0).map_err(waits)?;
        let end = self.end();
        let mut left = self.count.unwrap_or(u64::MAX);
        loop {
            let time = end.map_or(LOOK, |end| end.saturating_duration_since(Instant::now()));
            let last = time == Duration::ZERO || signals.ended();
            let wanted = |line: &Line| text.is_none_or(|text| text.matches(&line.message));
            for line in streams.lines(last)?.iter().filter(|line| wanted(line)) {
                output.show(line)?;
                left -= 1;
                if left == 0 {
                    return Ok(());
                }
            }
            if last {
                return Ok(());
            }
            poller.wait(Some(time.min(LOOK))).map(drop).map_err(waits)?;
        }
    }

    /// Follows what all programs print with `bpf_printk`.
    fn printk(&self, text: Option<&Pattern>, output: &mut Output) -> Result<(), Failure> {
        let kernel = Kernel::running()?;
        let by = self.printers(kernel.bpf())?;
        let mut signals = Signals::catch()?;
        let mut pipe = TracePipe::open(&kernel)?;
        let waits = |errno| Failure::because("wait for messages", &errno);
        let mut poller = Poller::new().map_err(waits)?;
        poller.add(&signals, 0).map_err(waits)?;
        poller.add(&pipe, 1).map_err(waits)?;
        let end = self.end();
        let mut count = 0;
        loop {
            while let Some(line) = pipe.next_message()? {
                let printed = by.is_empty() || by.iter().any(|by| by.admits(&line.message));
                if !printed || !self.admits(&line, text) {
                    continue;
                }
                output.show(&Printed::from(line))?;
                count += 1;
                if self.count.is_some_and(|most| count >= most) {
                    return Ok(());
                }
            }
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) || signals.ended() {
                break;
            }
            poller.wait(left).map(drop).map_err(waits)?;
        }
        match pipe.lost() {
            0 => Ok(()),
            lost => output.show(&Lost { lost }),
        }
    }

    /// What the programs can have printed whose messages are wanted.
    fn printers(&self, bpf: &Bpf) -> Result<Vec<PrintkFilter>, Failure> {
        let mut filters = Vec::new();
        for program in &self.by {
            let selector = Selector::read(&mut Words::new(slice::from_ref(program)))?;
            for prog in progs::several(bpf, &selector)? {
                filters.push(match printed::filter(bpf, &prog)? {
                    PrintkFilter::Silent => {
                        return Err(Failure::new(format!(
                            "program {} does not call bpf_printk: it prints nothing here",
                            prog.info.id
                        )));
                    }
                    filter => filter,
                });
            }
        }
        Ok(filters)
    }

    fn admits(&self, line: &TraceLine, text: Option<&Pattern>) -> bool {
        (self.pid.is_empty() || self.pid.iter().any(|pid| is_of(line.pid, *pid)))
            && self.comm.as_ref().is_none_or(|comm| comm.matches(&line.comm))
            && self.cpu.is_none_or(|cpu| cpu == line.cpu)
            && text.is_none_or(|text| text.matches(&line.message))
    }
}

/// Whether a thread is that one, or one of that process's.
fn is_of(thread: u32, pid: u32) -> bool {
    thread == pid || Path::new(&format!("/proc/{pid}/task/{thread}")).exists()
}

impl From<TraceLine> for Printed {
    fn from(line: TraceLine) -> Self {
        let timestamp = line.timestamp.as_secs_f64();
        Self { timestamp, cpu: line.cpu, pid: line.pid, comm: line.comm, message: line.message }
    }
}

impl Report for Printed {
    fn text(&self, _: &Page) -> String {
        let faint = anstyle::Style::new().dimmed();
        let Self { timestamp, cpu, pid, comm, message } = self;
        format!("{faint}{timestamp:.6} [{cpu}] {comm}({pid}){faint:#} {message}\n")
    }
}

impl Report for Lost {
    fn text(&self, _: &Page) -> String {
        format!("{} messages were lost: the buffer was full\n", self.lost)
    }
}
