//! What programs have cost since the last look.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use osmia_sys::Bpf;
use serde::Serialize;

use crate::failure::Failure;
use crate::select::names::Names;
use crate::select::progs::{self, Prog};
use crate::selector::Selector;

/// How many pictures back the history reaches.
const HISTORY: usize = 64;

/// What a program has cost.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Row {
    /// Its id.
    pub id: u32,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: String,
    /// Its name.
    pub name: String,
    /// How often it ran a second.
    pub runs_per_second: f64,
    /// How long a run took.
    pub ns_per_run: u64,
    /// The share of one CPU, in percent.
    pub cpu_percent: f64,
    /// How often it ran since it was loaded, as far as it was counted.
    pub run_cnt: u64,
    /// How long it ran since then.
    pub run_time_ns: u64,
    /// The shares of the last pictures, the newest last.
    #[serde(skip)]
    pub history: VecDeque<f64>,
}

/// Looks at all programs, or at some, from time to time.
pub struct Sampler {
    bpf: Bpf,
    /// The programs to look at, if not all.
    ids: Option<Vec<u32>>,
    names: Names,
    rows: HashMap<u32, Row>,
    last: Instant,
    /// How long the last picture took.
    span: Duration,
}

impl Sampler {
    /// Has a first look at all programs.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub fn new(bpf: &Bpf) -> Result<Self, Failure> {
        Self::look(bpf, None)
    }

    /// Has a first look at these programs.
    ///
    /// # Errors
    /// The kernel does not tell, or one is gone.
    pub fn of(bpf: &Bpf, ids: Vec<u32>) -> Result<Self, Failure> {
        Self::look(bpf, Some(ids))
    }

    fn look(bpf: &Bpf, ids: Option<Vec<u32>>) -> Result<Self, Failure> {
        let mut sampler = Self {
            bpf: bpf.clone(),
            ids,
            names: Names::default(),
            rows: HashMap::new(),
            last: Instant::now(),
            span: Duration::ZERO,
        };
        sampler.sample()?;
        // What was counted before is not of this time.
        for row in sampler.rows.values_mut() {
            row.history.clear();
        }
        Ok(sampler)
    }

    /// Looks again.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub fn sample(&mut self) -> Result<(), Failure> {
        let progs = match &self.ids {
            None => progs::all(&self.bpf)?,
            Some(ids) => {
                let one = |id: &u32| progs::one(&self.bpf, &Selector::Id(*id));
                ids.iter().map(one).collect::<Result<_, _>>()?
            }
        };
        let now = Instant::now();
        let first = self.span.is_zero();
        self.span = now.duration_since(self.last).max(Duration::from_nanos(1));
        self.last = now;
        let mut rows = HashMap::with_capacity(progs.len());
        for prog in &progs {
            let old = self.rows.remove(&prog.info.id);
            let row = match old {
                Some(row) => row.after(prog, self.span),
                None => self.new_row(prog, first),
            };
            rows.insert(row.id, row);
        }
        self.rows = rows;
        Ok(())
    }

    /// What all programs have cost.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }

    /// How long the last picture took.
    pub fn span(&self) -> Duration {
        self.span
    }

    fn new_row(&mut self, prog: &Prog, first: bool) -> Row {
        let ty = prog.info.type_;
        let row = Row {
            id: prog.info.id,
            ty: ty.name().map_or_else(|| ty.0.to_string(), str::to_owned),
            name: self.names.of(&self.bpf, prog),
            ..Row::default()
        };
        if first {
            let (run_cnt, run_time_ns) = (prog.info.run_cnt, prog.info.run_time_ns);
            return Row { run_cnt, run_time_ns, ..row };
        }
        // It was loaded since, so all its runs are of this picture.
        row.after(prog, self.span)
    }
}

impl Row {
    fn after(self, prog: &Prog, span: Duration) -> Self {
        self.counted(prog.info.run_cnt, prog.info.run_time_ns, span)
    }

    /// The same after it ran on until these counts.
    fn counted(mut self, run_cnt: u64, run_time_ns: u64, span: Duration) -> Self {
        let runs = run_cnt.saturating_sub(self.run_cnt);
        let time = Duration::from_nanos(run_time_ns.saturating_sub(self.run_time_ns));
        let runs_in_reason = f64::from(u32::try_from(runs).unwrap_or(u32::MAX));
        self.runs_per_second = runs_in_reason / span.as_secs_f64();
        self.ns_per_run = (time.as_nanos() as u64).checked_div(runs).unwrap_or(0);
        self.cpu_percent = time.as_secs_f64() / span.as_secs_f64() * 100.0;
        (self.run_cnt, self.run_time_ns) = (run_cnt, run_time_ns);
        self.history.push_back(self.cpu_percent);
        if self.history.len() > HISTORY {
            self.history.pop_front();
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Row;

    #[test]
    fn costs_are_those_since_the_last_look() {
        let row = Row { run_cnt: 100, run_time_ns: 1000, ..Row::default() };
        let row = row.counted(300, 1_000_001_000, Duration::from_secs(2));
        assert_eq!(row.ns_per_run, 5_000_000);
        assert!((row.runs_per_second - 100.0).abs() < 1e-9);
        assert!((row.cpu_percent - 50.0).abs() < 1e-9);
        let row = row.counted(300, 1_000_001_000, Duration::from_secs(1));
        assert_eq!((row.ns_per_run, row.history.len()), (0, 2));
    }
}
