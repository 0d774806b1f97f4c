//! Counting by samples: where the processor is, some thousand times a second.

use std::ops::Range;

use osmia_abi::PerfEventAttr;
use osmia_sys::{Bpf, Errno, PerfOutput, PerfRing, PerfSampling, ProgInfoBufs};

use crate::failure::Failure;
use crate::prog::profile::metric::Metric;
use crate::prog::profile::{How, Reading};
use crate::select::progs::Prog;
use crate::selector::refused;

/// Samples a second: no whole thousand, so as not to keep step with timers.
const FREQUENCY: u64 = 4999;
/// A sample is where the processor is, and how much was counted since the last.
const FIELDS: u64 = 1 | 1 << 8;
/// Nothing yet.
const SAMPLED: Reading = Reading { how: How::Sampled, value: 0, enabled: 0, running: 0 };
/// Room for samples of several steps: 24 bytes each.
const PAGES: usize = 32;

/// Samples of the processors, as they come.
pub struct Sampled {
    code: Vec<Range<u64>>,
    /// By metric, a ring for each CPU.
    rings: Vec<Vec<PerfRing>>,
    readings: Vec<Reading>,
}

impl Sampled {
    /// Begins to sample.
    ///
    /// # Errors
    /// The program is no machine code, its addresses are hidden, or the kernel refuses.
    pub fn begin(bpf: &Bpf, prog: &Prog, metrics: &[&Metric]) -> Result<Self, Failure> {
        let code = if metrics.is_empty() { Vec::new() } else { code(bpf, prog)? };
        let cpus = osmia_sys::online_cpus()
            .map_err(|errno| Failure::because("list the processors", &errno))?;
        let mut rings = Vec::new();
        for metric in metrics {
            let of_cpus = cpus.iter().map(|cpu| ring(metric, *cpu as u32));
            let of_cpus: Result<Vec<PerfRing>, Errno> = of_cpus.collect();
            let attempt = format!("sample {}", metric.name);
            rings.push(of_cpus.map_err(|errno| Failure::because(attempt, &errno))?);
        }
        Ok(Self { code, rings, readings: vec![SAMPLED; metrics.len()] })
    }

    /// Takes in what has come.
    ///
    /// # Errors
    /// A ring says what cannot be.
    pub fn drain(&mut self) -> Result<(), Failure> {
        let Self { code, rings, readings } = self;
        for (rings, reading) in rings.iter_mut().zip(readings) {
            for ring in rings {
                let failed = |errno| Failure::because("read samples", &errno);
                while let Some(fields) = ring.next_fields().map_err(failed)? {
                    let Some((at, count)) = sample(fields) else { continue };
                    if code.iter().any(|code| code.contains(&at)) {
                        reading.value = reading.value.saturating_add(count);
                    }
                }
                ring.publish();
            }
        }
        Ok(())
    }

    /// What was counted.
    ///
    /// # Errors
    /// As for [`Sampled::drain`].
    pub fn finish(mut self) -> Result<Vec<Reading>, Failure> {
        self.drain()?;
        Ok(self.readings)
    }
}

fn ring(metric: &Metric, cpu: u32) -> Result<PerfRing, Errno> {
    let sampling = PerfSampling {
        period: FREQUENCY,
        sample_type: FIELDS,
        flags: PerfEventAttr::FREQ | PerfEventAttr::EXCLUDE_USER,
        ..PerfSampling::default()
    };
    PerfRing::new(PerfOutput::of_event(metric.open(cpu, &sampling)?), PAGES)
}

fn sample(fields: &[u8]) -> Option<(u64, u64)> {
    let (at, rest) = fields.split_first_chunk::<8>()?;
    let (count, _) = rest.split_first_chunk::<8>()?;
    Some((u64::from_ne_bytes(*at), u64::from_ne_bytes(*count)))
}

/// Where the program's functions are.
fn code(bpf: &Bpf, prog: &Prog) -> Result<Vec<Range<u64>>, Failure> {
    if prog.info.jited_prog_len == 0 {
        return Err(Failure::unsupported(
            "the program is interpreted, so that no address is its own; `sysctl -w \
             net.core.bpf_jit_enable=1` has programs compiled that are loaded after it",
        ));
    }
    let mut starts = vec![0; prog.info.nr_jited_ksyms as usize];
    let mut lens = vec![0; prog.info.nr_jited_func_lens as usize];
    let mut bufs = ProgInfoBufs {
        jited_ksyms: &mut starts,
        jited_func_lens: &mut lens,
        ..ProgInfoBufs::default()
    };
    bpf.prog_info(&prog.fd, &mut bufs).map_err(|errno| refused("ask about the program", errno))?;
    let code = starts.iter().zip(&lens).filter(|(start, _)| **start != 0);
    let code: Vec<Range<u64>> =
        code.map(|(start, len)| *start..start.saturating_add(u64::from(*len))).collect();
    if code.is_empty() {
        return Err(Failure::unsupported(
            "the kernel hides where the program's code is; `sysctl -w kernel.kptr_restrict=0` shows it",
        ));
    }
    Ok(code)
}
