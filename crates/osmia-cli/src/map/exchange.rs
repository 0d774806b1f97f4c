//! `osmia map export`, `import` and `diff`: elements in files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use osmia::{Kernel, Map, UpdateFlags};
use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::failure::Failure;
use crate::map::dump::{elements, walkable};
use crate::map::open;
use crate::output::Output;
use crate::put::put;
use crate::report::{Page, Report};
use crate::words::Words;

/// So many elements are written in one call.
const BATCH: usize = 1024;

// The arguments of `osmia map export`.
#[derive(Args)]
#[command(
    after_help = "The file is what `osmia -j map dump` and bpftool print; `import` and `diff` read it."
)]
pub struct Export {
    /// Which map, then the file
    #[arg(required = true, value_name = "MAP FILE")]
    words: Vec<String>,
}

// The arguments of `osmia map import`.
#[derive(Args)]
#[command(after_help = "Elements that are there already are replaced, others stay. Examples:
  osmia map import name counts counts.json")]
pub struct Import {
    /// Which map, then the file
    #[arg(required = true, value_name = "MAP FILE")]
    words: Vec<String>,
}

// The arguments of `osmia map diff`.
#[derive(Args)]
#[command(after_help = "Exit code 0 whether there are differences or not. Examples:
  osmia map export name counts before.json; sleep 10
  osmia map diff before.json name counts          what has changed since
  osmia map diff before.json after.json")]
pub struct Diff {
    /// A dump
    before: PathBuf,
    /// Another dump, or a map
    #[arg(required = true, value_name = "FILE|MAP")]
    after: Vec<String>,
}

/// Elements by the bytes of their keys, as JSON has them.
type Dump = BTreeMap<String, Json>;

#[derive(Serialize)]
struct Done {
    file: PathBuf,
    entries: usize,
}

#[derive(Serialize)]
struct Difference {
    change: &'static str,
    key: Json,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Json>,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Differences(Vec<Difference>);

impl Export {
    /// Writes all elements to a file.
    ///
    /// # Errors
    /// There is no such map, or the file cannot be written.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let kernel = Kernel::running()?;
        let (map, file) = map_and_file(&kernel, &self.words)?;
        walkable(&map)?;
        let dump = elements(&kernel, &map)?;
        let text =
            serde_json::to_vec(&dump).map_err(|error| Failure::because("write JSON", &error))?;
        fs::write(&file, text)
            .map_err(|error| Failure::because(format!("write {}", file.display()), &error))?;
        output.show(&Done { file, entries: dump.as_array().map_or(0, Vec::len) })
    }
}

impl Import {
    /// Writes all elements of a file to a map.
    ///
    /// # Errors
    /// There is no such map, the file is no dump of one like it, or the kernel refuses an element.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let kernel = Kernel::running()?;
        let (map, file) = map_and_file(&kernel, &self.words)?;
        let dump = read(&file)?;
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        for element in dump.values() {
            keys.extend(part(element, "key", map.key_size(), &file)?);
            values.extend(value(element, &map, &file)?);
        }
        let (key_size, value_size) = (map.key_size().max(1), map.element_size().max(1));
        let keys = keys.chunks(key_size * BATCH);
        for (keys, values) in keys.zip(values.chunks(value_size * BATCH)) {
            map.update_batch(keys, values, UpdateFlags::ANY)?;
        }
        output.show(&Done { file, entries: dump.len() })
    }
}

impl Diff {
    /// Shows what differs.
    ///
    /// # Errors
    /// A file is no dump, or there is no such map.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let before = read(&self.before)?;
        let after = match self.after.as_slice() {
            [file] if fs::metadata(file).is_ok_and(|found| found.is_file() && found.len() > 0) => {
                read(Path::new(file))?
            }
            words => {
                let kernel = Kernel::running()?;
                let mut words = Words::new(words);
                let map = open::one(&kernel, &mut words)?;
                words.end()?;
                walkable(&map)?;
                index(elements(&kernel, &map)?)
            }
        };
        let mut differences = Vec::new();
        for (key, element) in &after {
            let old = before.get(key);
            match old.map(content) {
                Some(old) if old == content(element) => {}
                found => differences.push(Difference {
                    change: if found.is_some() { "changed" } else { "new" },
                    key: shown(element, "key"),
                    before: old.map(|old| shown(old, "value")),
                    after: Some(shown(element, "value")),
                }),
            }
        }
        for (_, element) in before.iter().filter(|(key, _)| !after.contains_key(*key)) {
            differences.push(Difference {
                change: "gone",
                key: shown(element, "key"),
                before: Some(shown(element, "value")),
                after: None,
            });
        }
        output.show(&Differences(differences))
    }
}

fn map_and_file(kernel: &Kernel, words: &[String]) -> Result<(Map, PathBuf), Failure> {
    let mut words = Words::new(words);
    let map = open::one(kernel, &mut words)?;
    let file = words.next("the file")?.into();
    words.end()?;
    Ok((map, file))
}

/// Reads a dump.
fn read(file: &Path) -> Result<Dump, Failure> {
    let attempt = || format!("read {}", file.display());
    let text = fs::read(file).map_err(|error| Failure::because(attempt(), &error))?;
    let json: Json =
        serde_json::from_slice(&text).map_err(|error| Failure::because(attempt(), &error))?;
    // bpftool dumps several maps at once with their descriptions.
    let whole = match json.get(0).and_then(|first| first.get("elements")) {
        Some(elements) => elements.clone(),
        None => json,
    };
    let is_dump = |list: &Vec<Json>| list.iter().all(|element| element.get("key").is_some());
    if !whole.as_array().is_some_and(is_dump) {
        return Err(Failure::new(format!(
            "{} is no dump of a map: that is a list of objects with `key` and `value`",
            file.display()
        )));
    }
    Ok(index(whole))
}

fn index(dump: Json) -> Dump {
    let Json::Array(list) = dump else { return Dump::new() };
    list.into_iter().map(|element| (json!(element.get("key")).to_string(), element)).collect()
}

/// The bytes of an element, without what they mean.
fn content(element: &Json) -> (Option<&Json>, Option<&Json>) {
    (element.get("value"), element.get("values"))
}

/// A part for people: as its type says, or its bytes.
fn shown(element: &Json, part: &str) -> Json {
    let typed = element.get("formatted").and_then(|typed| typed.get(part).or(typed.get("values")));
    typed.or(element.get(part)).or(element.get("values")).cloned().unwrap_or_default()
}

/// The bytes of a part.
fn part(element: &Json, name: &str, size: usize, file: &Path) -> Result<Vec<u8>, Failure> {
    let byte = |byte: &Json| match byte {
        Json::String(text) => u8::from_str_radix(text.strip_prefix("0x")?, 16).ok(),
        other => u8::try_from(other.as_u64()?).ok(),
    };
    let bytes = element.get(name).and_then(Json::as_array);
    let bytes: Option<Vec<u8>> = bytes.and_then(|bytes| bytes.iter().map(byte).collect());
    bytes.filter(|bytes| bytes.len() == size).ok_or_else(|| {
        Failure::new(format!(
            "{}: an element's {name} is not {size} bytes, as the map has them",
            file.display()
        ))
    })
}

/// The bytes of a value as updates take it.
fn value(element: &Json, map: &Map, file: &Path) -> Result<Vec<u8>, Failure> {
    let Some(values) = element.get("values").and_then(Json::as_array) else {
        return part(element, "value", map.element_size(), file);
    };
    let mut bytes = Vec::new();
    for one in values {
        let mut one = part(one, "value", map.value_size(), file)?;
        one.resize(one.len().next_multiple_of(8), 0);
        bytes.extend(one);
    }
    // The dump may be of a machine with another number of CPUs.
    bytes.resize(map.element_size(), 0);
    Ok(bytes)
}

impl Report for Done {
    fn text(&self, _: &Page) -> String {
        let noun = if self.entries == 1 { "element" } else { "elements" };
        format!("{} {noun}, {}\n", self.entries, self.file.display())
    }
}

impl Report for Differences {
    fn text(&self, _: &Page) -> String {
        use anstyle::AnsiColor::{Green, Red, Yellow};
        let mut text = String::new();
        for found in &self.0 {
            let (sign, colour) = match found.change {
                "new" => ("+", Green),
                "gone" => ("-", Red),
                _ => ("~", Yellow),
            };
            let style = colour.on_default();
            let values: Vec<String> =
                found.before.iter().chain(&found.after).map(Json::to_string).collect();
            let line = format!("{sign} {}  {}", found.key, values.join(" -> "));
            put!(text, "{style}{line}{style:#}\n");
        }
        text
    }
}
