//! `osmia prog profile`: what the runs of a program cost the processor.

mod counted;
mod metric;
mod report;
mod sampled;

use std::time::{Duration, Instant};

use clap::Args;
use osmia_abi::StatsType;
use osmia_sys::{Bpf, Errno, ProgInfoBufs};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;
use crate::prog::profile::counted::Counted;
use crate::prog::profile::metric::Metric;
use crate::prog::profile::report::Profiled;
use crate::prog::profile::sampled::Sampled;
use crate::run::{Signals, duration};
use crate::select::names::Names;
use crate::select::progs::{self, Prog};
use crate::selector::{Selector, refused};
use crate::token;
use crate::words::Words;

/// How long samples may wait in their rings.
const STEP: Duration = Duration::from_millis(100);

// The arguments of `osmia prog profile`.
#[derive(Args)]
#[command(after_help = "METRIC is cycles, instructions, l1d_loads, llc_misses, itlb_misses,
dtlb_misses, which the processor counts where it has counters, and
cpu_clock, the nanoseconds that pass, which counts everywhere.
Without any: cycles and instructions, or cpu_clock where those do not count.

Counters are read before and after each run, by programs of the kinds fentry \
and fexit on the program. Where those are not possible, as on a program without \
BTF, the kernel's statistics tell the time, and the rest is estimated from
samples, of which some thousand are taken a second wherever the processor is; \
they tell of the program's own code, without the helpers that it calls.
`--sample` asks for samples alone.

Examples:
  osmia prog profile name drop duration 10 cycles instructions
  osmia prog profile id 5 duration 500ms cpu_clock
  osmia prog profile id 5 --sample             until Ctrl-C")]
pub struct Profile {
    /// Which program, for how long, and what to count
    #[arg(value_name = "PROG [duration N] [METRIC]", required = true)]
    words: Vec<String>,
    /// Sample the processor, and leave the program as it is
    #[arg(long)]
    sample: bool,
}

/// What the words say.
struct Plan {
    selector: Selector,
    duration: Option<Duration>,
    metrics: Vec<&'static Metric>,
}

/// How a metric was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// Before and after each run.
    #[default]
    Counted,
    /// By the kernel, as it does for all programs when asked.
    Statistics,
    /// By samples of where the processor was.
    Sampled,
}

/// What a metric came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading {
    /// How it was counted.
    pub how: How,
    /// The count.
    pub value: u64,
    /// How long it was wanted, in nanoseconds.
    pub enabled: u64,
    /// How long the processor had a counter for it.
    pub running: u64,
}

impl Plan {
    fn read(words: &[String]) -> Result<Self, Failure> {
        let mut words = Words::new(words);
        let selector = Selector::read(&mut words)?;
        let mut plan = Self { selector, duration: None, metrics: Vec::new() };
        if words.take("duration") {
            let written = words.next("the duration")?;
            let span =
                duration(written).map_err(|wrong| Failure::usage(format!("duration: {wrong}")))?;
            plan.duration = Some(span);
        }
        while !words.is_empty() {
            let metric = Metric::named(words.next("a metric")?)?;
            if !plan.metrics.iter().any(|known| known.name == metric.name) {
                plan.metrics.push(metric);
            }
        }
        Ok(plan)
    }
}

impl Profile {
    /// Counts for the time that is said, or until a signal comes.
    ///
    /// # Errors
    /// There is no such program or metric, or the machine does not count it.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let mut plan = Plan::read(&self.words)?;
        let bpf = token::bpf()?;
        let prog = progs::one(&bpf, &plan.selector)?;
        if plan.metrics.is_empty() {
            plan.metrics = Metric::usual();
        }
        for metric in &plan.metrics {
            metric.try_out()?;
        }
        let mut signals = Signals::catch()?;
        let (counted, why) = match self.sample {
            true => (None, Some("--sample asks for it".to_owned())),
            false => match Counted::attach(&bpf, &prog, &plan.metrics) {
                Ok(counted) => (Some(counted), None),
                Err(why) => (None, Some(why)),
            },
        };
        let begun = Instant::now();
        let end = plan.duration.map(|span| begun + span);
        let (runs, readings) = match counted {
            Some(counted) => {
                wait(end, &mut signals, || Ok(()))?;
                counted.read()?
            }
            None => self.estimate(&bpf, &prog, &plan.metrics, |sampled| {
                wait(end, &mut signals, || sampled.drain())
            })?,
        };
        output.show(&Profiled {
            id: prog.info.id,
            name: Names::default().of(&bpf, &prog),
            took: begun.elapsed(),
            runs,
            why_not: why,
            rows: plan.metrics.iter().copied().zip(readings).collect(),
        })
    }

    /// Samples for as long as `during` takes, while the kernel counts the program's runs and their time.
    fn estimate(
        &self,
        bpf: &Bpf,
        prog: &Prog,
        metrics: &[&'static Metric],
        during: impl FnOnce(&mut Sampled) -> Result<(), Failure>,
    ) -> Result<(u64, Vec<Reading>), Failure> {
        let ran = || {
            let info = bpf.prog_info(&prog.fd, &mut ProgInfoBufs::default());
            info.map_err(|errno| refused("ask about the program", errno))
        };
        // Before 5.8 the kernel counts only where a sysctl says so.
        let counting = match bpf.enable_stats(StatsType::RUN_TIME) {
            Ok(counting) => Some(counting),
            Err(Errno::INVAL) => None,
            Err(errno) => return Err(refused("let the kernel count runs of programs", errno)),
        };
        let is_told = |metric: &Metric| !self.sample && counting.is_some() && metric.is_clock();
        let sampled: Vec<&Metric> =
            metrics.iter().copied().filter(|metric| !is_told(metric)).collect();
        let mut sampler = Sampled::begin(bpf, prog, &sampled)?;
        let before = ran()?;
        during(&mut sampler)?;
        let mut sampled = sampler.finish()?.into_iter();
        let after = ran()?;
        let time = Reading {
            how: How::Statistics,
            value: after.run_time_ns.saturating_sub(before.run_time_ns),
            ..Reading::default()
        };
        let of = |metric: &&Metric| match is_told(metric) {
            true => Some(time),
            false => sampled.next(),
        };
        let readings = metrics.iter().filter_map(of).collect();
        Ok((after.run_cnt.saturating_sub(before.run_cnt), readings))
    }
}

/// Waits, and calls `each` now and then and at the end.
fn wait(
    end: Option<Instant>,
    signals: &mut Signals,
    mut each: impl FnMut() -> Result<(), Failure>,
) -> Result<(), Failure> {
    loop {
        let left = end.map_or(STEP, |end| end.saturating_duration_since(Instant::now()));
        if left.is_zero() {
            return each();
        }
        osmia_sys::wait_readable(&*signals, Some(left.min(STEP)))
            .map_err(|errno| Failure::because("wait", &errno))?;
        if signals.ended() {
            return each();
        }
        each()?;
    }
}
