//! `osmia prog run`: programs run by hand.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use clap::Args;

use osmia::{Kernel, Program, TestRun, TestRunResult};
use osmia_abi::ProgType;
use osmia_btf::{Kind, value::Input};
use serde::Serialize;

use crate::failure::Failure;
use crate::moment::precise;
use crate::output::Output;
use crate::prog::packets::{self, Packets};
use crate::prog::verdict;
use crate::report::{Page, Report};
use crate::select::progs;
use crate::selector::Selector;
use crate::table::Table;
use crate::value::hex;
use crate::words::Words;

// The arguments of `osmia prog run`.
#[derive(Args)]
#[command(after_help = "Behind PROG may stand, in any order:
  data_in WHAT      the packet: a file, - for the standard input, hex:0a0b...,
                    zeros:64, or a capture (pcap, pcapng), whose packets are
                    run one after the other
  data_out FILE     write the packet afterwards into a file; - prints it
  ctx_in WHAT       the context: as data_in, or JSON of the kernel's type of it
  ctx_out FILE      write the context afterwards into a file; - prints it
  repeat N          run so many times, which makes the duration exact
  data_size_out N, ctx_size_out N    accepted; room is made as needed

Examples:
  osmia prog run name drop data_in zeros:64
  osmia prog run name drop data_in traffic.pcap
  osmia prog run name drop data_in hex:ffffffffffff... --expect XDP_DROP
  osmia prog run name redirect data_in zeros:64 \\
      ctx_in '{\"ingress_ifindex\":1}' repeat 1000000

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
    repeat: u32,
}

impl Plan {
    fn read(words: &mut Words<'_>) -> Result<Self, Failure> {
        const KEYS: [&str; 7] =
            ["data_in", "data_out", "data_size_out", "ctx_in", "ctx_out", "ctx_size_out", "repeat"];
        let mut plan = Self { repeat: 1, ..Self::default() };
        while !words.is_empty() {
            match words.keyword(&KEYS)? {
                "data_in" => plan.data_in = Some(words.next("the packet")?.to_owned()),
                "data_out" => plan.data_out = Some(words.next("the file")?.to_owned()),
                "ctx_in" => plan.ctx_in = Some(words.next("the context")?.to_owned()),
                "ctx_out" => plan.ctx_out = Some(words.next("the file")?.to_owned()),
                "repeat" => {
                    let times = words.number("how often")?;
                    plan.repeat = u32::try_from(times)
                        .map_err(|_| Failure::usage("a program runs at most 4294967295 times"))?;
                }
                _ => {
                    words.number("the size")?;
                }
            }
        }
        Ok(plan)
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
        let runner = Runner { kernel, program, plan };
        match runner.plan.data_in.as_deref().map(Packets::read).transpose()? {
            Some(Packets::Capture(packets)) => runner.capture(&packets, expected, output),
            Some(Packets::One(packet)) => runner.once(&packet, expected, output),
            None => runner.once(&[], expected, output),
        }
    }
}

struct Runner {
    kernel: Kernel,
    program: Program,
    plan: Plan,
}

impl Runner {
    fn run(&self, packet: &[u8]) -> Result<TestRunResult, Failure> {
        let context = self.context(packet.len())?;
        let run = TestRun::data(packet).ctx(context.as_slice()).repeat(self.plan.repeat);
        Ok(self.program.test_run(&run)?)
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
            repeat: self.plan.repeat,
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

    fn capture(
        &self,
        packets: &[Vec<u8>],
        expected: Option<u32>,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let ty = self.program.prog_type();
        let mut report = Captured { packets: packets.len(), verdicts: BTreeMap::new() };
        let mut others = Vec::new();
        for (at, packet) in packets.iter().enumerate() {
            let ran = self.run(packet).map_err(|failure| {
                failure.during(format!("packet {} of {} bytes", at + 1, packet.len()))
            })?;
            let counted = report.verdicts.entry(verdict::text(ty, ran.retval)).or_default();
            counted.count += 1;
            counted.bytes += packet.len();
            counted.nanos += ran.duration.as_nanos() as u64;
            if expected.is_some_and(|expected| expected != ran.retval) {
                others.push(format!("{} ({})", at + 1, verdict::text(ty, ran.retval)));
            }
        }
        output.show(&report)?;
        match (expected, others.as_slice()) {
            (None, _) | (_, []) => Ok(()),
            (Some(expected), others) => {
                let shown = others.get(..10).unwrap_or(others).join(", ");
                let more = others.len().saturating_sub(10);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let expected = verdict::text(ty, expected);
                Err(Failure::new(format!("packets {shown}{more} did not return {expected}")))
            }
        }
    }

    /// The context's bytes.
    fn context(&self, packet_len: usize) -> Result<Vec<u8>, Failure> {
        let Some(written) = self.plan.ctx_in.as_deref() else { return Ok(Vec::new()) };
        if !written.trim_start().starts_with('{') {
            return packets::bytes(written);
        }
        let ty = self.program.prog_type();
        let name = match ty {
            ProgType::XDP => "xdp_md",
            ProgType::SK_LOOKUP => "bpf_sk_lookup",
            ProgType::SOCKET_FILTER
            | ProgType::SCHED_CLS
            | ProgType::SCHED_ACT
            | ProgType::CGROUP_SKB
            | ProgType::LWT_IN
            | ProgType::LWT_OUT
            | ProgType::LWT_XMIT
            | ProgType::LWT_SEG6LOCAL => "__sk_buff",
            _ => {
                return Err(Failure::unsupported(format!(
                    "the context of programs of type {ty} has no type in the kernel's BTF that is \
                     known here: give its bytes"
                )));
            }
        };
        let btf = self.kernel.btf()?;
        let Some(found) = btf.find(Kind::Struct, name)? else {
            return Err(Failure::not_found(format!("the kernel's BTF has no struct {name}")));
        };
        let attempt = || format!("read the context as struct {name}");
        let mut input = Input::parse(written)
            .map_err(|error| Failure::because(attempt(), &error))?
            .encode(btf, found.id())
            .map_err(|error| Failure::because(attempt(), &error))?;
        if ty == ProgType::XDP {
            // The kernel wants `data_end`, which is the second member, to be the packet's length.
            let len = (packet_len as u32).to_ne_bytes();
            if let Some(end) = input.get_mut(4..8).filter(|end| **end == [0; 4]) {
                end.copy_from_slice(&len);
            }
        }
        Ok(input)
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

/// What the packets of a capture gave.
#[derive(Serialize)]
struct Captured {
    packets: usize,
    verdicts: BTreeMap<String, Counted>,
}

#[derive(Default, Serialize)]
struct Counted {
    count: u64,
    bytes: usize,
    #[serde(rename = "duration")]
    nanos: u64,
}

impl Report for Captured {
    fn text(&self, page: &Page) -> String {
        let mut table =
            Table::new(page, &["verdict", "packets", "bytes", "per run"]).numbers(&[1, 2]);
        for (verdict, counted) in &self.verdicts {
            let per_run = counted.nanos.checked_div(counted.count).unwrap_or(0);
            table.row([
                verdict.clone(),
                counted.count.to_string(),
                counted.bytes.to_string(),
                precise(Duration::from_nanos(per_run)),
            ]);
        }
        format!("{}{} packets\n", table.plain(), self.packets)
    }
}
