//! `osmia map watch`: a map's elements as they change.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use anstyle::AnsiColor;
use clap::Args;
use osmia::{Kernel, Map};
use osmia_sys::Poller;
use serde::Serialize;
use serde_json::Value as Json;
use terminal_size::{Height, Width, terminal_size};

use crate::failure::Failure;
use crate::map::dump::walkable;
use crate::map::entry::Entries;
use crate::map::filter::Filter;
use crate::map::open;
use crate::output::{Form, Output};
use crate::put::put;
use crate::report::{Page, Report};
use crate::run::options::interval;
use crate::run::signals::Signals;
use crate::words::Words;

/// Another screen without a cursor, and back.
const ENTER: &str = "\x1b[?1049h\x1b[?25l";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";
/// To the upper left corner; what is left of a line, and of the screen, is cleared.
const HOME: &str = "\x1b[H";
const REST_OF_LINE: &str = "\x1b[K\r\n";
const REST_OF_SCREEN: &str = "\x1b[J";

// The arguments of `osmia map watch`.
#[derive(Args)]
#[command(
    after_help = "On a terminal the elements are shown as they are, with what has changed in colour; otherwise a \
line, or a JSON object, for each change. Ctrl-C ends it.

Examples:
  osmia map watch name counts
  osmia map watch name counts --interval 200ms --where 'value>0'
  osmia -j map watch id 12 | jq ."
)]
pub struct Watch {
    /// Which map: `id 12`, `name counts`, `pinned /sys/fs/bpf/counts`
    #[arg(required = true, value_name = "MAP")]
    words: Vec<String>,
    /// How often to look
    #[arg(long, short, default_value = "1", value_name = "TIME", value_parser = interval)]
    interval: Duration,
    /// Only elements that meet a condition on a part: `key.pid=12`, `value>9`
    #[arg(long = "where", value_name = "CONDITION")]
    filters: Vec<Filter>,
    /// Stop after so many looks
    #[arg(long, value_name = "COUNT")]
    looks: Option<u64>,
}

type Elements = BTreeMap<Vec<u8>, Vec<u8>>;

/// What became of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Became {
    New,
    Changed,
    Gone,
}

/// A change of an element.
#[derive(Serialize)]
struct Happened {
    change: Became,
    key: Json,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Json>,
    #[serde(skip)]
    text: String,
}

impl Watch {
    /// Shows the elements until a signal comes.
    ///
    /// # Errors
    /// There is no such map, or it cannot be walked.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let kernel = Kernel::running()?;
        let mut words = Words::new(&self.words);
        let map = open::one(&kernel, &mut words)?;
        words.end()?;
        walkable(&map)?;
        let entries = Entries::of(&kernel, &map)?;
        entries.fit(&map, &self.filters)?;
        let mut signals = Signals::catch()?;
        let screen =
            (output.form() == Form::Text && io::stdout().is_terminal()).then(Screen::enter);
        let waits = |errno| Failure::because("wait", &errno);
        let mut poller = Poller::new().map_err(waits)?;
        poller.add(&signals, 0).map_err(waits)?;
        let mut before: Option<Elements> = None;
        let mut looks = 0;
        while !signals.ended() {
            let now = self.look(&map, &entries)?;
            match &screen {
                Some(_) => Screen::draw(&map, &entries, &now, before.as_ref(), self.interval)?,
                None => changes(&entries, &now, before.as_ref(), output)?,
            }
            before = Some(now);
            looks += 1;
            if self.looks.is_some_and(|most| looks >= most) {
                break;
            }
            poller.wait(Some(self.interval)).map(drop).map_err(waits)?;
        }
        Ok(())
    }

    fn look(&self, map: &Map, entries: &Entries) -> Result<Elements, Failure> {
        let mut elements = Elements::new();
        let mut walk = map.entries();
        while let Some((key, value)) = walk.next_entry()? {
            let admits = self.filters.is_empty() || {
                let (key, value) = (entries.key_json(key), entries.value_json(value));
                self.filters.iter().all(|filter| filter.admits(&key, &value))
            };
            if admits {
                elements.insert(key.to_vec(), value.to_vec());
            }
        }
        Ok(elements)
    }
}

/// Prints what has changed; nothing has before the first look.
fn changes(
    entries: &Entries,
    now: &Elements,
    before: Option<&Elements>,
    output: &mut Output,
) -> Result<(), Failure> {
    for (key, value) in now {
        let old = before.and_then(|before| before.get(key));
        let change = match old {
            Some(old) if old == value => continue,
            Some(_) => Became::Changed,
            None => Became::New,
        };
        let text = format!(
            "{} {}  {}\n",
            if change == Became::New { "+" } else { "~" },
            entries.key_text(key),
            entries.value_text(value)
        );
        let json = |value: &Vec<u8>| entries.value_json(value);
        output.show(&Happened {
            change,
            key: entries.key_json(key),
            value: Some(json(value)),
            before: old.map(json),
            text,
        })?;
    }
    let gone = before.into_iter().flatten().filter(|(key, _)| !now.contains_key(*key));
    for (key, value) in gone {
        output.show(&Happened {
            change: Became::Gone,
            key: entries.key_json(key),
            value: None,
            before: Some(entries.value_json(value)),
            text: format!("- {}  {}\n", entries.key_text(key), entries.value_text(value)),
        })?;
    }
    Ok(())
}

/// The terminal, which gets its old face back at the end.
struct Screen;

impl Screen {
    fn enter() -> Self {
        // If it cannot be written to, drawing says so.
        let _ = io::stdout().write_all(ENTER.as_bytes());
        Self
    }

    fn draw(
        map: &Map,
        entries: &Entries,
        now: &Elements,
        before: Option<&Elements>,
        interval: Duration,
    ) -> Result<(), Failure> {
        let (width, height) = terminal_size().map_or((80, 24), |(Width(width), Height(height))| {
            (usize::from(width), usize::from(height))
        });
        let room = height.saturating_sub(2);
        let head = format!(
            "map {}: {} elements of at most {}, each {:?}; Ctrl-C ends",
            map.name(),
            now.len(),
            map.max_entries(),
            interval
        );
        let mut text = format!("{HOME}{}{REST_OF_LINE}", cut(&head, width));
        // Where not all fit, those that have changed come first.
        let is_same = |key: &Vec<u8>, value: &Vec<u8>| {
            before.is_none_or(|before| before.get(key) == Some(value))
        };
        let (same, changed): (Vec<_>, Vec<_>) =
            now.iter().partition(|(key, value)| is_same(key, value));
        let shown: Vec<_> = match now.len() <= room {
            true => now.iter().collect(),
            false => changed.iter().chain(&same).copied().take(room.saturating_sub(1)).collect(),
        };
        let keys = shown.iter().map(|(key, _)| entries.key_text(key).chars().count());
        let column = keys.max().unwrap_or(0).min(width / 2);
        for (key, value) in &shown {
            let line = format!("{:column$}  {}", entries.key_text(key), entries.value_text(value));
            let line = cut(&line, width);
            let fresh = AnsiColor::Green.on_default().bold();
            match is_same(key, value) {
                true => text.push_str(&line),
                false => put!(text, "{fresh}{line}{fresh:#}"),
            }
            text.push_str(REST_OF_LINE);
        }
        if shown.len() < now.len() {
            put!(text, "and {} more{REST_OF_LINE}", now.len() - shown.len());
        }
        text.push_str(REST_OF_SCREEN);
        Output::raw(text.as_bytes())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Nobody is left to be told.
        let _ = io::stdout().write_all(LEAVE.as_bytes()).and_then(|()| io::stdout().flush());
    }
}

/// As much of a line as fits.
fn cut(line: &str, width: usize) -> String {
    line.chars().take(width).collect()
}

impl Report for Happened {
    fn text(&self, _: &Page) -> String {
        self.text.clone()
    }
}
