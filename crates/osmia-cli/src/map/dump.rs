//! `osmia map dump`: all elements.

use clap::Args;
use osmia::{Kernel, Map, Program};
use osmia_abi::MapType;
use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::failure::Failure;
use crate::map::entry::Entries;
use crate::map::filter::Filter;
use crate::map::list::shown;
use crate::map::open::all;
use crate::map::printer::{Format, Instead, Printer};
use crate::map::types::holds_objects;
use crate::output::Output;
use crate::report::{Page, Report};
use crate::words::Words;

// The arguments of `osmia map dump`.
#[derive(Args)]
#[command(after_help = "Examples:
  osmia map dump name counts                          by the types in the object
  osmia map dump name counts --where 'value.n>100'    some of it
  osmia map dump id 12 --format csv > counts.csv
  osmia map dump pinned /sys/fs/bpf/per_cpu --sum     the CPUs' values added
  osmia -j map dump id 12                             as bpftool prints it")]
pub struct Dump {
    /// Which map: `id 12`, `name counts`, `pinned /sys/fs/bpf/counts`
    #[arg(required = true, value_name = "MAP")]
    words: Vec<String>,
    /// How to print
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Only elements that meet a condition on a part: `key.pid=12`, `value>9`, `value.comm~ssh*`
    #[arg(long = "where", value_name = "CONDITION")]
    filters: Vec<Filter>,
    /// At most so many elements
    #[arg(long, value_name = "COUNT")]
    limit: Option<u64>,
    /// Add up the values of all CPUs
    #[arg(long)]
    sum: bool,
    /// Show what is in the maps of a map of maps
    #[arg(long)]
    inner: bool,
}

/// Several maps with their elements.
#[derive(Serialize)]
#[serde(transparent)]
struct Dumps(Vec<Json>);

impl Report for Dumps {
    fn text(&self, _: &Page) -> String {
        Json::Array(self.0.clone()).to_string()
    }
}

impl Dump {
    /// Prints the elements.
    ///
    /// # Errors
    /// There is no such map, or it cannot be walked.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let kernel = Kernel::running()?;
        let mut words = Words::new(&self.words);
        let maps = all(&kernel, &mut words)?;
        words.end()?;
        let format = Format::chosen(self.format, output);
        match maps.as_slice() {
            [map] => self.one(&kernel, map, format, output),
            maps if format == Format::Json => {
                let mut dumps = Vec::new();
                for map in maps {
                    let mut dump = json!(shown(map)?);
                    if let Some(dump) = dump.as_object_mut() {
                        dump.insert("elements".to_owned(), elements(&kernel, map)?);
                    }
                    dumps.push(dump);
                }
                output.show_json(&Dumps(dumps))
            }
            maps => {
                for map in maps {
                    let title = format!("map {} {}\n", map.info()?.id, map.name());
                    Output::raw(title.as_bytes())?;
                    self.one(&kernel, map, format, output)?;
                }
                Ok(())
            }
        }
    }

    fn one(
        &self,
        kernel: &Kernel,
        map: &Map,
        format: Format,
        output: &Output,
    ) -> Result<(), Failure> {
        walkable(map)?;
        let entries = Entries::of(kernel, map)?;
        entries.fit(map, &self.filters)?;
        let mut printer = Printer::new(&entries, format, output);
        let objects = holds_objects(map);
        let mut walk = map.entries();
        while let Some((key, value)) = walk.next_entry()? {
            if self.limit.is_some_and(|limit| printer.count() >= limit) {
                break;
            }
            if !self.filters.is_empty() {
                let (key, value) = (entries.key_json(key), entries.value_json(value));
                if !self.filters.iter().all(|filter| filter.admits(&key, &value)) {
                    continue;
                }
            }
            let instead = if self.sum {
                let sum = entries.sum(value)?;
                Some(Instead { name: "sum", text: plain(&sum), json: sum })
            } else if objects && (format != Format::Json || self.inner) {
                Some(self.object(kernel, map, value)?)
            } else {
                None
            };
            printer.element(key, value, instead.as_ref())?;
        }
        printer.finish()
    }

    /// The object whose id a value is.
    fn object(&self, kernel: &Kernel, map: &Map, value: &[u8]) -> Result<Instead, Failure> {
        let id = value.first_chunk().map_or(0, |bytes| u32::from_ne_bytes(*bytes));
        let is_map = matches!(map.map_type(), MapType::ARRAY_OF_MAPS | MapType::HASH_OF_MAPS);
        if is_map && self.inner {
            return inner(kernel, id);
        }
        // It may have gone away since.
        let name = match map.map_type() {
            MapType::PROG_ARRAY => Program::by_id(kernel, id).map(|found| found.name().to_owned()),
            _ if is_map => Map::by_id(kernel, id).map(|found| found.name().to_owned()),
            _ => Ok(String::new()),
        };
        let name = name.unwrap_or_default();
        let noun = if is_map { "map" } else { "id" };
        let noun = if map.map_type() == MapType::PROG_ARRAY { "program" } else { noun };
        let text = format!("{noun} {id} {name}").trim_end().to_owned();
        Ok(Instead { name: "object", text, json: json!({ "id": id, "name": name }) })
    }
}

/// A map that another one holds, with its elements.
fn inner(kernel: &Kernel, id: u32) -> Result<Instead, Failure> {
    let map = Map::by_id(kernel, id)?;
    let entries = Entries::of(kernel, &map)?;
    let mut text = format!("map {id} {}", map.name());
    let mut list = Vec::new();
    let mut walk = map.entries();
    while let Some((key, value)) = walk.next_entry()? {
        let line = format!("\n    {}  {}", entries.key_text(key), entries.value_text(value));
        text.push_str(&line);
        list.push(json!({ "key": entries.key_json(key), "value": entries.value_json(value) }));
    }
    let json = json!({ "id": id, "name": map.name(), "elements": list });
    Ok(Instead { name: "inner", text, json })
}

/// The elements of a map as bpftool writes them.
///
/// # Errors
/// The map cannot be walked.
pub fn elements(kernel: &Kernel, map: &Map) -> Result<Json, Failure> {
    let entries = Entries::of(kernel, map)?;
    let mut list = Vec::new();
    let mut walk = map.entries();
    while let Some((key, value)) = walk.next_entry()? {
        let mut one = Vec::new();
        entries.json(key, value, &mut one);
        let one =
            serde_json::from_slice(&one).map_err(|error| Failure::because("write", &error))?;
        list.push(one);
    }
    Ok(Json::Array(list))
}

/// Refuses what has no elements, and says how to read it.
///
/// # Errors
/// The map has none.
pub fn walkable(map: &Map) -> Result<(), Failure> {
    let id = map.info()?.id;
    let (what, how) = match map.map_type() {
        MapType::RINGBUF | MapType::USER_RINGBUF => ("a ring buffer", "map follow"),
        MapType::PERF_EVENT_ARRAY => ("an array of perf events", "map follow"),
        MapType::QUEUE => ("a queue", "map peek"),
        MapType::STACK => ("a stack", "map peek"),
        MapType::BLOOM_FILTER => {
            return Err(Failure::unsupported(format!(
                "map {id} is a bloom filter, which does not know what is in it: `osmia map lookup \
                 id {id} value VALUE` asks for one value"
            )));
        }
        _ => return Ok(()),
    };
    Err(Failure::unsupported(format!(
        "map {id} is {what}, which has no keys to walk: `osmia {how} id {id}` shows what is in it"
    )))
}

fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
