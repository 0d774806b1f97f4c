//! `osmia prog run`: programs run by hand.

mod captured;
mod context;

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use clap::Args;

use osmia::{Kernel, Program, TestRun, TestRunResult};
use serde::Serialize;

use crate::failure::Failure;
use crate::moment::precise;
use crate::output::Output;
use crate::prog::packets::Packets;
use crate::prog::run::context::Context;
use crate::prog::verdict;
use crate::report::{Page, Report};
use crate::select::progs;
use crate::selector::Selector;
use crate::value::hex;
use crate::words::Words;

// The arguments of `osmia prog run`.
#[derive(Args)]
#[command(after_help = "Behind PROG may stand, in any order:
  data_in WHAT      the packet: a file, - for the standard input, hex:0a0b...,
                    zeros:64, or a capture (pcap, pcapng), whose packets are
                    run one after the other; those that the kernel refuses are
                    counted, and the exit code is 1 then
  data_out FILE     write the packet afterwards into a file; - prints it
  ctx_in WHAT       the context: as data_in, or JSON: of the kernel's type of it,
                    for syscall programs of the struct that their parameter
                    points to, for raw_tp a list of arguments, [1, 2, 3]
  ctx_out FILE      write the context afterwards into a file; - prints it
  repeat N          run so many times, which makes the duration exact; raw_tp
                    and syscall programs run once
  data_size_out N, ctx_size_out N    accepted; room is made as needed

Examples:
  osmia prog run name drop data_in zeros:64
  osmia prog run name drop data_in traffic.pcap
  osmia prog run name drop data_in hex:ffffffffffff... --expect XDP_DROP
  osmia prog run name on_exec ctx_in '[1, 2, 3]'
  osmia prog run name redirect data_in zeros:64 \\
      ctx_in '{\"ingress_ifindex\":1}' repeat 1000000

Captures of raw IP, of the loopback and of `any` have no Ethernet headers, which the
kernel wants in front of every packet: one is put there that tells the protocol.

With --expect, the exit code is 1 unless every run returns this.")]
pub struct Run {
    /// Which program, and with what
    #[arg(value_name = "PROG", required = true)]
    words: Vec<String>,
    /// What every run must return: a number, or a verdict as XDP_DROP or drop
    #[arg(long, value_name = "VERDICT", allow_hyphen_values = true)]
    expect: Option<String>,
}

/// What the words say.
#[derive(Default)]
struct Plan {
    data_in: Option<String>,
    data_out: Option<String>,
    ctx_in: Option<String>,
    ctx_out: Option<String>,
    repeat: Option<u32>,
}

impl Plan {
    fn read(words: &mut Words<'_>) -> Result<Self, Failure> {
        const KEYS: [&str; 7] =
            ["data_in", "data_out", "data_size_out", "ctx_in", "ctx_out", "ctx_size_out", "repeat"];
        let mut plan = Self::default();
        while !words.is_empty() {
            match words.keyword(&KEYS)? {
                "data_in" => plan.data_in = Some(words.next("the packet")?.to_owned()),
                "data_out" => plan.data_out = Some(words.next("the file")?.to_owned()),
                "ctx_in" => plan.ctx_in = Some(words.next("the context")?.to_owned()),
                "ctx_out" => plan.ctx_out = Some(words.next("the file")?.to_owned()),
                "repeat" => {
                    let times = words.number("how often")?;
                    let times = u32::try_from(times)
                        .map_err(|_| Failure::usage("a program runs at most 4294967295 times"))?;
                    plan.repeat = Some(times);
                }
                _ => {
                    words.number("the size")?;
                }
            }
        }
        Ok(plan)
    }

    /// How often, as the kernel wants it: 0 is once for all types, and 1 is refused for those that
    /// cannot be run more often.
    fn times(&self) -> u32 {
        self.repeat.filter(|times| *times > 1).unwrap_or(0)
    }

    /// Refuses to write what comes out where there are many.
    fn no_outputs(&self) -> Result<(), Failure> {
        let outputs = [("data_out", &self.data_out), ("ctx_out", &self.ctx_out)];
        match outputs.into_iter().find(|(_, file)| file.is_some()) {
            Some((word, _)) => Err(Failure::usage(format!(
                "{word} is for one packet: of a capture there are as many as it has packets"
            ))),
            None => Ok(()),
        }
    }
}

impl Run {
    /// Runs it.
    ///
    /// # Errors
    /// There is no such program, its type cannot be run by hand, or it returns something else than expected.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let mut words = Words::new(&self.words);
        let selector = Selector::read(&mut words)?;
        let plan = Plan::read(&mut words)?;
        let kernel = Kernel::running()?;
        let found = progs::one(kernel.bpf(), &selector)?;
        let program = Program::by_id(&kernel, found.info.id)?;
        let ty = program.prog_type();
        let expected = match &self.expect {
            None => None,
            Some(written) => Some(verdict::parse(ty, written).ok_or_else(|| {
                Failure::usage(format!("'{written}' is no verdict of programs of type {ty}"))
            })?),
        };
        let context = Context::read(plan.ctx_in.as_deref(), &kernel, &found)?;
        let runner = Runner { program, plan, context };
        match runner.plan.data_in.as_deref().map(Packets::read).transpose()? {
            Some(Packets::Capture(capture)) => runner.capture(&capture, expected, output),
            Some(Packets::One(packet)) => runner.once(&packet, expected, output),
            None => runner.once(&[], expected, output),
        }
    }
}

struct Runner {
    program: Program,
    plan: Plan,
    context: Context,
}

impl Runner {
    fn run(&self, packet: &[u8]) -> Result<TestRunResult, osmia::Error> {
        let context = self.context.with_packet(packet.len());
        let run = TestRun::data(packet).ctx(context.as_ref()).repeat(self.plan.times());
        self.program.test_run(&run)
    }

    fn once(
        &self,
        packet: &[u8],
        expected: Option<u32>,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let ran = self.run(packet)?;
        let ty = self.program.prog_type();
        let data_out = written(self.plan.data_out.as_deref(), &ran.data_out)?;
        let ctx_out = written(self.plan.ctx_out.as_deref(), &ran.ctx_out)?;
        let changed = !ran.data_out.is_empty() && ran.data_out != packet;
        output.show(&Once {
            data_out: data_out.map(<[u8]>::to_vec),
            ctx_out: ctx_out.map(<[u8]>::to_vec),
            retval: ran.retval,
            duration: ran.duration.as_nanos() as u64,
            verdict: verdict::name(ty, ran.retval),
            text: verdict::text(ty, ran.retval),
            repeat: self.plan.times(),
            change: changed.then_some((packet.len(), ran.data_out.len())),
        })?;
        match expected {
            Some(expected) if expected != ran.retval => Err(Failure::new(format!(
                "it returned {}, not {}",
                verdict::text(ty, ran.retval),
                verdict::text(ty, expected)
            ))),
            _ => Ok(()),
        }
    }
}

/// Writes what came out where it is wanted; gives it back if that is the screen.
fn written<'a>(file: Option<&str>, bytes: &'a [u8]) -> Result<Option<&'a [u8]>, Failure> {
    match file {
        None => Ok(None),
        Some("-") => Ok(Some(bytes)),
        Some(file) => {
            fs::write(file, bytes)
                .map_err(|error| Failure::because(format!("write {file}"), &error))?;
            Ok(None)
        }
    }
}

/// What one packet gave, under the names that bpftool has in its JSON.
#[derive(Serialize)]
struct Once {
    #[serde(skip_serializing_if = "Option::is_none")]
    data_out: Option<Vec<u8>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ctx_out: Option<Vec<u8>>,
    retval: u32,
    duration: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<&'static str>,
    #[serde(skip)]
    text: String,
    #[serde(skip)]
    repeat: u32,
    #[serde(skip)]
    change: Option<(usize, usize)>,
}

impl Report for Once {
    fn text(&self, _: &Page) -> String {
        let mut text = String::new();
        for (what, bytes) in [("packet", &self.data_out), ("context", &self.ctx_out)] {
            if let Some(bytes) = bytes {
                let _ = write!(text, "{what} afterwards, {} bytes:\n{}", bytes.len(), dump(bytes));
            }
        }
        let average = if self.repeat > 1 { " on average" } else { "" };
        let duration = precise(Duration::from_nanos(self.duration));
        let _ = writeln!(text, "returned {} in {duration}{average}", self.text);
        if let (Some((before, after)), None) = (self.change, &self.data_out) {
            let size = if before == after {
                String::new()
            } else {
                format!(", from {before} to {after} bytes")
            };
            let _ = writeln!(text, "the packet was changed{size}; `data_out -` shows it");
        }
        text
    }
}

fn dump(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (at, line) in bytes.chunks(16).enumerate() {
        let _ = writeln!(text, "{:6x}: {}", at * 16, hex(line, " "));
    }
    text
}
