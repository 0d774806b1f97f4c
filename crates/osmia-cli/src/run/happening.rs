//! What a run tells of.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use osmia::TraceLine;
use serde::Serialize;

use crate::prog::top::picture::Picture;
use crate::report::{Page, Report};
use crate::value::Value;

const SOURCE: Style = AnsiColor::Cyan.on_default();
const HEAD: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const WARNING: Style = AnsiColor::Yellow.on_default();

/// As many entries of a map are shown to people.
const SHOWN: usize = 256;

/// One thing that a run tells of: a line for people, or an object `{"kind": {...}}`.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Happening<'a> {
    /// A program is attached.
    Attached {
        /// The object, if there are several.
        #[serde(skip_serializing_if = "Option::is_none")]
        object: Option<&'a str>,
        /// Its name.
        program: &'a str,
        /// To what.
        to: &'a str,
    },
    /// A program is not attached.
    LeftOut {
        /// The object, if there are several.
        #[serde(skip_serializing_if = "Option::is_none")]
        object: Option<&'a str>,
        /// Its name.
        program: &'a str,
        /// Why not.
        why: &'a str,
    },
    /// Something that the user may want to know.
    Note(String),
    /// A program has printed a message.
    Printk(Printk),
    /// A program has put an event into a ring buffer.
    Event {
        /// The object, if there are several.
        #[serde(skip_serializing_if = "Option::is_none")]
        object: Option<&'a str>,
        /// The ring buffer.
        map: &'a str,
        /// The event.
        value: Value<'a>,
    },
    /// What is in a map at the end.
    Map(MapContents<'a>),
    /// What variables hold at the end.
    Variables(BTreeMap<Cow<'a, str>, Value<'a>>),
    /// What the programs cost.
    Top(Picture<'a>),
    /// What was not seen.
    Lost {
        /// How many messages of `bpf_printk` the kernel had no room for.
        printk: u64,
    },
}

/// A message of `bpf_printk`.
#[derive(Serialize)]
pub struct Printk {
    comm: String,
    pid: u32,
    cpu: u32,
    /// Seconds of the trace clock.
    time: f64,
    message: String,
}

/// A map's entries.
#[derive(Serialize)]
pub struct MapContents<'a> {
    /// The object, if there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<&'a str>,
    /// The map's name.
    pub name: &'a str,
    /// Its type.
    #[serde(rename = "type")]
    pub map_type: String,
    /// How many entries there are; of arrays, how many elements that are not zero.
    pub count: usize,
    /// Whether elements that are zero were left out.
    pub zeros_left_out: bool,
    /// The entries.
    pub entries: Vec<Entry<'a>>,
}

/// An entry of a map.
#[derive(Serialize)]
pub struct Entry<'a> {
    /// Its key; queues and the like have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Value<'a>>,
    /// Its value, of each CPU where each has its own.
    #[serde(flatten)]
    pub value: EntryValue<'a>,
}

/// The value of an entry.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryValue<'a> {
    /// The one value.
    Value(Value<'a>),
    /// The value of each CPU.
    PerCpu(Vec<Value<'a>>),
}

impl From<TraceLine> for Printk {
    fn from(line: TraceLine) -> Self {
        let message = line.message.trim_end_matches('\n').to_owned();
        let time = line.timestamp.as_secs_f64();
        Self { comm: line.comm, pid: line.pid, cpu: line.cpu, time, message }
    }
}

/// The object's name as it stands in front of others, if it is told.
fn in_front(object: Option<&str>) -> String {
    object.map_or_else(String::new, |object| format!("{object}:"))
}

impl Report for Happening<'_> {
    fn text(&self, page: &Page) -> String {
        match self {
            Self::Attached { object, program, to } => {
                let object = in_front(*object);
                format!("{FAINT}attached {object}{program} to {to}{FAINT:#}\n")
            }
            Self::LeftOut { object, program, why } => {
                let object = in_front(*object);
                format!("{WARNING}not attached: {object}{program}: {why}{WARNING:#}\n")
            }
            Self::Note(text) => format!("{WARNING}note: {text}{WARNING:#}\n"),
            Self::Printk(printk) => {
                let Printk { comm, pid, time, message, .. } = printk;
                format!("{FAINT}{time:.6}{FAINT:#} {SOURCE}{comm}-{pid}{SOURCE:#}: {message}\n")
            }
            Self::Event { object, map, value } => {
                let object = in_front(*object);
                format!("{SOURCE}{object}{map}{SOURCE:#}: {}\n", value.text())
            }
            Self::Top(picture) => picture.text(page),
            Self::Map(contents) => contents.text(),
            Self::Variables(variables) => {
                let mut text = format!("\n{HEAD}variables{HEAD:#}\n");
                for (name, value) in variables {
                    let _ = writeln!(text, "  {name} = {}", value.text());
                }
                text
            }
            Self::Lost { printk: 0 } => String::new(),
            Self::Lost { printk } => format!(
                "{WARNING}{printk} lines of bpf_printk were lost: the kernel's buffer was full{WARNING:#}\n"
            ),
        }
    }
}

impl MapContents<'_> {
    fn text(&self) -> String {
        let Self { object, name, map_type, count, zeros_left_out, entries } = self;
        let what = match (zeros_left_out, count) {
            (true, 0) => "all elements are zero".to_owned(),
            (true, count) => format!("{count} not zero"),
            (false, 1) => "1 entry".to_owned(),
            (false, count) => format!("{count} entries"),
        };
        let object = in_front(*object);
        let mut text =
            format!("\n{HEAD}map {object}{name}{HEAD:#} {FAINT}({map_type}, {what}){FAINT:#}\n");
        for Entry { key, value } in entries.iter().take(SHOWN) {
            let key = key.as_ref().map_or_else(String::new, |key| format!("{}: ", key.text()));
            let value = match value {
                EntryValue::Value(value) => value.text(),
                EntryValue::PerCpu(values) => {
                    let each =
                        |(cpu, value): (usize, &Value<'_>)| format!("cpu{cpu}: {}", value.text());
                    values.iter().enumerate().map(each).collect::<Vec<_>>().join("  ")
                }
            };
            let _ = writeln!(text, "  {key}{value}");
        }
        if let Some(more @ 1..) = entries.len().checked_sub(SHOWN) {
            let _ = writeln!(text, "  {FAINT}and {more} more; --json prints all{FAINT:#}");
        }
        text
    }
}
