//! Elements, printed as they come.

use clap::ValueEnum;
use serde_json::{Value as Json, json};

use crate::failure::Failure;
use crate::map::entry::Entries;
use crate::output::{Form, Numbers, Output};
use crate::wrap::{columns, wrapped};

/// As much is collected before it is written.
const CHUNK: usize = 64 * 1024;
/// So many elements decide how wide the column of keys is.
const MEASURED: usize = 256;

/// How elements are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A line for each element, for people
    Table,
    /// One list, as bpftool prints it
    Json,
    /// A JSON object a line: `{"key":...,"value":...}`
    Ndjson,
    /// A line for each element, with a column for each field
    Csv,
}

impl Format {
    /// The format that was asked for, or else the one that suits the form of output.
    pub fn chosen(asked: Option<Self>, output: &Output) -> Self {
        match (asked, output.form()) {
            (Some(format), _) => format,
            (None, Form::Text) => Self::Table,
            (None, _) => Self::Json,
        }
    }
}

/// Prints elements one after the other, whatever their number.
pub struct Printer<'a> {
    entries: &'a Entries,
    format: Format,
    pretty: bool,
    numbers: Numbers,
    buffer: Vec<u8>,
    count: u64,
    /// Lines of a table that wait for the width of its columns.
    waiting: Vec<(String, String)>,
    columns_of_table: Option<Columns>,
    /// How wide the page is.
    room: Option<usize>,
    columns: Option<Vec<String>>,
}

/// How the lines of a table are laid out.
#[derive(Clone, Copy, Debug)]
enum Columns {
    /// Keys as wide as this, with the values beside them.
    Beside(usize),
    /// Values below their keys, because both have no room on a line.
    Below,
}

/// How far values stand in that are below their keys.
const INDENT: usize = 4;

impl<'a> Printer<'a> {
    /// Begins to print.
    pub fn new(entries: &'a Entries, format: Format, output: &Output) -> Self {
        Self {
            entries,
            format,
            pretty: output.form() == Form::PrettyJson,
            numbers: output.numbers(),
            buffer: Vec::new(),
            count: 0,
            waiting: Vec::new(),
            columns_of_table: None,
            room: output.page().width,
            columns: None,
        }
    }

    /// How many elements were printed.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Prints an element. `instead` stands for its value where that is something else than bytes
    /// of a type.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn element(
        &mut self,
        key: &[u8],
        value: &[u8],
        instead: Option<&Instead>,
    ) -> Result<(), Failure> {
        match self.format {
            Format::Table => self.line(key, value, instead),
            Format::Json => self.json(key, value, instead)?,
            Format::Ndjson => {
                let value = self.value_json(value, instead);
                let line = json!({ "key": self.entries.key_json(key), "value": value });
                self.buffer.extend_from_slice(line.to_string().as_bytes());
                self.buffer.push(b'\n');
            }
            Format::Csv => self.csv(key, value, instead),
        }
        self.count += 1;
        if self.buffer.len() >= CHUNK { self.flush() } else { Ok(()) }
    }

    /// Ends the table or list.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn finish(mut self) -> Result<(), Failure> {
        match self.format {
            Format::Table => {
                self.measure();
                if self.entries.types().section().is_none() {
                    let noun = if self.count == 1 { "element" } else { "elements" };
                    self.buffer.extend_from_slice(format!("{} {noun}\n", self.count).as_bytes());
                }
            }
            Format::Json => {
                let end: &[u8] = match (self.count, self.pretty) {
                    (0, _) => b"[]\n",
                    (_, true) => b"\n]\n",
                    (_, false) => b"]\n",
                };
                self.buffer.extend_from_slice(end);
            }
            Format::Ndjson | Format::Csv => {}
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Failure> {
        if matches!(self.format, Format::Json | Format::Ndjson) {
            self.buffer = self.numbers.write(std::mem::take(&mut self.buffer));
        }
        let done = Output::raw(&self.buffer);
        self.buffer.clear();
        done
    }

    fn value_json(&self, value: &[u8], instead: Option<&Instead>) -> Json {
        instead.map_or_else(|| self.entries.value_json(value), |instead| instead.json.clone())
    }

    fn json(&mut self, key: &[u8], value: &[u8], instead: Option<&Instead>) -> Result<(), Failure> {
        let first = self.count == 0;
        self.buffer.push(if first { b'[' } else { b',' });
        if !self.pretty && instead.is_none() {
            self.entries.json(key, value, &mut self.buffer);
            return Ok(());
        }
        let mut one = Vec::new();
        self.entries.json(key, value, &mut one);
        let unread = |error: serde_json::Error| Failure::because("write JSON", &error);
        let mut one: Json = serde_json::from_slice(&one).map_err(unread)?;
        if let (Some(instead), Some(object)) = (instead, one.as_object_mut()) {
            object.insert(instead.name.to_owned(), instead.json.clone());
        }
        if self.pretty {
            let text = serde_json::to_string_pretty(&one).map_err(unread)?;
            for line in text.lines() {
                self.buffer.extend_from_slice(b"\n  ");
                self.buffer.extend_from_slice(line.as_bytes());
            }
        } else {
            serde_json::to_writer(&mut self.buffer, &one).map_err(unread)?;
        }
        Ok(())
    }

    /// A line of a table; for data sections one for each variable.
    fn line(&mut self, key: &[u8], value: &[u8], instead: Option<&Instead>) {
        if let Some(instead) = instead {
            self.row(self.entries.key_text(key), instead.text.clone());
            return;
        }
        let types = self.entries.types();
        let Some((section, (btf, _))) = types.section().zip(types.typed(types.value)) else {
            self.row(self.entries.key_text(key), self.entries.value_text(value));
            return;
        };
        for place in section.section_vars() {
            let Ok(variable) = btf.ty(place.var) else { continue };
            let start = place.offset as usize;
            let part = value.get(start..).and_then(|tail| tail.get(..place.size as usize));
            let part =
                crate::value::Value::new(Some(btf), variable.target(), part.unwrap_or_default());
            self.row(variable.name().to_owned(), part.text());
        }
    }

    fn row(&mut self, key: String, value: String) {
        match self.columns_of_table {
            Some(columns) => put_row(&mut self.buffer, columns, self.room, &key, &value),
            None => {
                self.waiting.push((key, value));
                if self.waiting.len() >= MEASURED {
                    self.measure();
                }
            }
        }
    }

    /// Finds out how wide the keys are, and prints what has waited for that.
    fn measure(&mut self) {
        if self.columns_of_table.is_some() || self.waiting.is_empty() {
            return;
        }
        let is_section = self.entries.types().section().is_some();
        let head = if is_section { "VARIABLE" } else { "KEY" };
        let widths = self.waiting.iter().map(|(key, _)| columns(key));
        let width = widths.chain([head.len()]).max().unwrap_or_default().min(100);
        let layout = match self.room {
            Some(room) if width > room / 3 => {
                let fits = |(key, value): &(String, String)| {
                    columns(key).max(width) + 2 + columns(value) <= room
                };
                if self.waiting.iter().all(fits) { Columns::Beside(width) } else { Columns::Below }
            }
            _ => Columns::Beside(width),
        };
        self.columns_of_table = Some(layout);
        if let Columns::Beside(_) = layout {
            put_row(&mut self.buffer, layout, None, head, "VALUE");
        }
        for (key, value) in std::mem::take(&mut self.waiting) {
            put_row(&mut self.buffer, layout, self.room, &key, &value);
        }
    }

    fn csv(&mut self, key: &[u8], value: &[u8], instead: Option<&Instead>) {
        let mut cells = Vec::new();
        flatten("key", &self.entries.key_json(key), &mut cells);
        flatten("value", &self.value_json(value, instead), &mut cells);
        let columns = self.columns.get_or_insert_with(|| {
            let names: Vec<String> = cells.iter().map(|(name, _)| name.clone()).collect();
            let head: Vec<String> = names.iter().map(|name| quoted(name)).collect();
            self.buffer.extend_from_slice(head.join(",").as_bytes());
            self.buffer.push(b'\n');
            names
        });
        let line: Vec<String> = columns
            .iter()
            .map(|column| {
                let cell = cells.iter().find(|(name, _)| name == column);
                cell.map_or_else(String::new, |(_, text)| quoted(text))
            })
            .collect();
        self.buffer.extend_from_slice(line.join(",").as_bytes());
        self.buffer.push(b'\n');
    }
}

/// What is shown where a value is a number that stands for something else.
pub struct Instead {
    /// The name of the member that it is in JSON.
    pub name: &'static str,
    /// For people.
    pub text: String,
    /// For programs.
    pub json: Json,
}

fn put_row(buffer: &mut Vec<u8>, layout: Columns, room: Option<usize>, key: &str, value: &str) {
    let indent = match layout {
        Columns::Beside(width) => width.max(columns(key)) + 2,
        Columns::Below => INDENT,
    };
    let lines = match room {
        Some(room) => wrapped(value, room.saturating_sub(indent).max(16)),
        None => vec![value.to_owned()],
    };
    let mut line = match layout {
        Columns::Beside(_) => format!("{key:indent$}"),
        Columns::Below => format!("{key}\n{:indent$}", ""),
    };
    for part in lines {
        buffer.extend_from_slice(format!("{line}{part}\n").as_bytes());
        line = " ".repeat(indent);
    }
}

/// The parts of a value that have no parts, with the ways to them.
fn flatten(name: &str, part: &Json, cells: &mut Vec<(String, String)>) {
    match part {
        Json::Object(fields) => {
            for (field, part) in fields {
                flatten(&format!("{name}.{field}"), part, cells);
            }
        }
        Json::Array(list) => {
            for (at, part) in list.iter().enumerate() {
                flatten(&format!("{name}[{at}]"), part, cells);
            }
        }
        Json::String(text) => cells.push((name.to_owned(), text.clone())),
        other => cells.push((name.to_owned(), other.to_string())),
    }
}

/// A cell of CSV, in quotes if it must be.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{flatten, quoted};

    #[test]
    fn fields_become_columns() {
        let mut cells = Vec::new();
        flatten("value", &json!({"n": 1, "l": ["a", {"x": null}]}), &mut cells);
        let expected = [("value.n", "1"), ("value.l[0]", "a"), ("value.l[1].x", "null")];
        let expected = expected.map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(cells, expected);
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(quoted("plain"), "plain");
    }
}
