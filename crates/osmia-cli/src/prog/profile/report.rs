//! What a profile tells.

use std::fmt::Write as _;
use std::time::Duration;

use serde::ser::SerializeSeq as _;
use serde::{Serialize, Serializer};
use serde_json::json;

use crate::moment::precise;
use crate::prog::profile::metric::Metric;
use crate::prog::profile::{How, Reading};
use crate::report::{Page, Report};
use crate::table::Table;

/// What the runs of a program came to.
pub struct Profiled {
    /// The program.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// How long it was watched.
    pub took: Duration,
    /// How often it ran.
    pub runs: u64,
    /// Why it was not counted at each run, if it was not.
    pub why_not: Option<String>,
    /// What was counted.
    pub rows: Vec<(&'static Metric, Reading)>,
}

/// As bpftool has it, and how it was counted.
impl Serialize for Profiled {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_seq(Some(self.rows.len()))?;
        for (metric, reading) in &self.rows {
            rows.serialize_element(&json!({
                "metric": metric.name,
                "run_cnt": self.runs,
                "value": reading.value,
                "enabled": reading.enabled,
                "running": reading.running,
                "how": reading.how,
            }))?;
        }
        rows.end()
    }
}

impl Report for Profiled {
    fn text(&self, page: &Page) -> String {
        let how = match &self.why_not {
            None => "counted at each".to_owned(),
            Some(why) => format!("not counted at each, because {why}"),
        };
        let times = if self.runs == 1 { "run" } else { "runs" };
        let (id, name, took) = (self.id, &self.name, precise(self.took));
        let mut text = format!("{id}: {name}: {} {times} in {took}, {how}\n", self.runs);
        let mut table = Table::new(page, &["metric", "count", "per run", ""]).numbers(&[1, 2]);
        for (metric, reading) in &self.rows {
            table.row([
                metric.name.to_owned(),
                reading.value.to_string(),
                per(reading.value, self.runs),
                self.remark(metric, reading),
            ]);
        }
        let _ = write!(text, "{}", table.plain());
        text
    }
}

impl Profiled {
    /// What the number means beside others.
    fn remark(&self, metric: &Metric, reading: &Reading) -> String {
        let value = |name: &str| {
            let found = self.rows.iter().find(|(metric, _)| metric.name == name);
            found.map(|(_, reading)| reading.value).filter(|value| *value > 0)
        };
        let share = (reading.running < reading.enabled && reading.enabled > 0).then(|| {
            let share = ratio(reading.running, reading.enabled) * 100.0;
            format!("counted {share:.0}% of the time")
        });
        let beside = match metric.name {
            "instructions" => {
                value("cycles").map(|cycles| format!("{} a cycle", per(reading.value, cycles)))
            }
            "llc_misses" | "itlb_misses" | "dtlb_misses" => value("instructions").map(|all| {
                let millionth = ratio(reading.value, all) * 1e6;
                format!("{millionth:.1} in a million instructions")
            }),
            "cpu_clock" => Some("ns".to_owned()),
            _ => None,
        };
        let how = match reading.how {
            How::Counted => None,
            How::Statistics => Some("by the kernel's statistics".to_owned()),
            How::Sampled => Some("estimated from samples, without helpers".to_owned()),
        };
        [beside, share, how].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

fn per(value: u64, count: u64) -> String {
    if count == 0 {
        return "-".to_owned();
    }
    let quotient = ratio(value, count);
    if quotient < 10.0 { format!("{quotient:.2}") } else { format!("{quotient:.0}") }
}

#[allow(clippy::cast_precision_loss, reason = "what is told has three digits")]
fn ratio(value: u64, of: u64) -> f64 {
    value as f64 / of as f64
}
