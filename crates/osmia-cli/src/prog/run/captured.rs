//! A program run with the packets of a capture.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use osmia::ErrorKind;
use serde::Serialize;

use crate::failure::Failure;
use crate::moment::precise;
use crate::output::Output;
use crate::prog::packets::Capture;
use crate::prog::run::Runner;
use crate::prog::verdict;
use crate::report::{Page, Report};
use crate::table::Table;

/// As many packets are told by their numbers.
const TOLD: usize = 10;

/// What the packets of a capture gave.
#[derive(Serialize)]
struct Captured {
    packets: usize,
    verdicts: BTreeMap<String, Counted>,
    /// Those that the kernel did not take.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<Refused>,
    /// How many got an Ethernet header that the capture does not have.
    #[serde(skip_serializing_if = "is_zero")]
    headers_added: usize,
}

#[derive(Default, Serialize)]
struct Counted {
    count: u64,
    bytes: usize,
    #[serde(rename = "duration")]
    nanos: u64,
}

#[derive(Serialize)]
struct Refused {
    count: u64,
    bytes: usize,
    /// Why the first of them was.
    why: String,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Runner {
    /// Runs the program with each packet and counts what it returns.
    ///
    /// # Errors
    /// A packet was refused, or did not return what is expected.
    pub(super) fn capture(
        &self,
        capture: &Capture,
        expected: Option<u32>,
        output: &mut Output,
    ) -> Result<(), Failure> {
        self.plan.no_outputs()?;
        let ty = self.program.prog_type();
        let mut report = Captured {
            packets: capture.packets.len(),
            verdicts: BTreeMap::new(),
            refused: None,
            headers_added: capture.headers_added,
        };
        let mut others = Vec::new();
        for (at, packet) in capture.packets.iter().enumerate() {
            let ran = match self.run(packet) {
                Ok(ran) => ran,
                Err(error) if error.kind() == ErrorKind::Interrupted => return Err(error.into()),
                Err(error) => {
                    report.refuse(at, packet, &error);
                    continue;
                }
            };
            let counted = report.verdicts.entry(verdict::text(ty, ran.retval)).or_default();
            counted.count += 1;
            counted.bytes += packet.len();
            counted.nanos += ran.duration.as_nanos() as u64;
            if expected.is_some_and(|expected| expected != ran.retval) {
                others.push(format!("{} ({})", at + 1, verdict::text(ty, ran.retval)));
            }
        }
        output.show(&report)?;
        let mut wrong = Vec::new();
        if let Some(refused) = &report.refused {
            wrong.push(format!(
                "the kernel refused {} of {} packets",
                refused.count, report.packets
            ));
        }
        if let (Some(expected), false) = (expected, others.is_empty()) {
            wrong.push(unexpected(&others, &verdict::text(ty, expected)));
        }
        if wrong.is_empty() { Ok(()) } else { Err(Failure::new(wrong.join("; "))) }
    }
}

impl Captured {
    fn refuse(&mut self, at: usize, packet: &[u8], error: &osmia::Error) {
        let refused = self.refused.get_or_insert_with(|| {
            let why = Failure::from_error(error).message();
            Refused { count: 0, bytes: 0, why: format!("packet {}: {why}", at + 1) }
        });
        refused.count += 1;
        refused.bytes += packet.len();
    }
}

fn unexpected(others: &[String], expected: &str) -> String {
    let shown = others.get(..TOLD).unwrap_or(others).join(", ");
    let more = match others.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("packets {shown}{more} did not return {expected}")
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
        if let Some(Refused { count, bytes, .. }) = &self.refused {
            table.row(["refused".to_owned(), count.to_string(), bytes.to_string(), "-".to_owned()]);
        }
        let mut text = format!("{}{} packets\n", table.plain(), self.packets);
        if self.headers_added > 0 {
            let _ = writeln!(
                text,
                "the capture has no Ethernet headers: {} packets got one",
                self.headers_added
            );
        }
        if let Some(Refused { why, .. }) = &self.refused {
            let _ = writeln!(text, "refused: {why}");
        }
        text
    }
}
