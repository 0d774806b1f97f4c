//! `osmia map lookup`, `update`, `delete`, `getnext`: single elements.

use std::fs::File;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};

use clap::Args;
use osmia::{Kernel, Map, Program, UpdateFlags, Updated};
use osmia_abi::MapType;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::failure::Failure;
use crate::map::data::Wanted;
use crate::map::entry::{Entries, bytes_json};
use crate::map::open;
use crate::map::parts::Parts;
use crate::map::types::{MapTypes, holds_objects};
use crate::output::Output;
use crate::report::{Page, Report};
use crate::words::Words;

// The arguments of verbs on single elements.
#[derive(Args)]
#[command(after_help = "Keys and values are bytes, or one value as the type in the object says:
  key 1 0 0 0             bytes
  key hex 01 00 00 00     bytes in hexadecimal
  key 1                   a number
  key '{\"pid\":1}'         a struct
  key 10.0.0.1            an address: IPv4, IPv6, MAC
  key 10.0.0.0/8          a prefix, in a trie
  key eth0                text, in an array of characters; it keeps a byte for its NUL
  value id 7              a program or map, in maps of those: id, name, tag, pinned
Conditions are any, noexist, exist.

Examples:
  osmia map lookup name counts key 1
  osmia map update name counts key '{\"pid\":1}' value 9 noexist
  osmia map update name jumps key 0 value pinned /sys/fs/bpf/parse")]
pub struct Element {
    /// Which map, then `key ...`, `value ...`, and a condition
    #[arg(required = true, value_name = "MAP key DATA", allow_negative_numbers = true)]
    words: Vec<String>,
}

/// An element that was found.
#[derive(Serialize)]
#[serde(transparent)]
struct Found {
    json: Box<RawValue>,
    #[serde(skip)]
    text: String,
}

/// That something was done, of which bpftool says nothing.
#[derive(Serialize)]
#[serde(transparent)]
struct Done {
    nothing: (),
    #[serde(skip)]
    text: &'static str,
}

impl Element {
    /// A map, its types, and what is written behind it.
    fn read(&self) -> Result<(Kernel, Map, Parts), Failure> {
        let kernel = Kernel::running()?;
        let mut words = Words::new(&self.words);
        let map = open::one(&kernel, &mut words)?;
        let parts = Parts::read(&mut words)?;
        Ok((kernel, map, parts))
    }

    /// Looks a key up.
    ///
    /// # Errors
    /// It is not there.
    pub fn lookup(&self, output: &mut Output) -> Result<(), Failure> {
        let (kernel, map, parts) = self.read()?;
        let entries = Entries::of(&kernel, &map)?;
        if map.map_type() == MapType::BLOOM_FILTER {
            return bloom(&map, &entries, &parts, output);
        }
        let key = key(&map, entries.types(), &parts)?;
        let Some(value) = map.lookup(&key)? else {
            return Err(absent(&map, &entries, &key));
        };
        found(&entries, &key, &value, output)
    }

    /// Writes an element.
    ///
    /// # Errors
    /// The kernel refuses it, or the value does not fit.
    pub fn update(&self, output: &mut Output) -> Result<(), Failure> {
        let (kernel, map, parts) = self.read()?;
        let entries = Entries::of(&kernel, &map)?;
        let key = key(&map, entries.types(), &parts)?;
        let object;
        let value = if holds_objects(&map) {
            object = Object::read(&kernel, &map, parts.value.as_deref().unwrap_or_default())?;
            object.fd()?
        } else {
            value(&map, entries.types(), &parts)?
        };
        let flags = parts.flags.unwrap_or(UpdateFlags::ANY);
        let updated = map.update(&key, &value, flags)?;
        let text = match updated {
            Updated::Inserted => "inserted\n",
            _ => "",
        };
        output.show(&Done { nothing: (), text })
    }

    /// Deletes a key.
    ///
    /// # Errors
    /// It is not there.
    pub fn delete(&self, output: &mut Output) -> Result<(), Failure> {
        let (kernel, map, parts) = self.read()?;
        let entries = Entries::of(&kernel, &map)?;
        let key = key(&map, entries.types(), &parts)?;
        if !map.delete(&key)? {
            return Err(absent(&map, &entries, &key));
        }
        output.done()
    }

    /// Shows the key after a key, or the first one.
    ///
    /// # Errors
    /// It was the last one.
    pub fn next(&self, output: &mut Output) -> Result<(), Failure> {
        let (kernel, map, parts) = self.read()?;
        let entries = Entries::of(&kernel, &map)?;
        let after = match &parts.key {
            Some(_) => Some(key(&map, entries.types(), &parts)?),
            None => None,
        };
        let next = map.next_key(after.as_deref())?;
        let next = next.ok_or_else(|| match &after {
            Some(key) => Failure::not_found(format!(
                "{} is the last key of map {}",
                entries.key_text(key),
                map.name()
            )),
            None => Failure::not_found(format!("map {} is empty", map.name())),
        })?;
        let mut json = b"{\"key\":".to_vec();
        match &after {
            Some(key) => bytes_json(key, &mut json),
            None => json.extend_from_slice(b"null"),
        }
        json.extend_from_slice(b",\"next_key\":");
        bytes_json(&next, &mut json);
        json.push(b'}');
        output.show(&Found { json: raw(json)?, text: format!("{}\n", entries.key_text(&next)) })
    }

    /// Shows the next element of a queue or stack.
    ///
    /// # Errors
    /// It is empty.
    pub fn peek(&self, output: &mut Output) -> Result<(), Failure> {
        let (kernel, map, _) = self.read()?;
        keyless(&map, "peek")?;
        let value = map.lookup(&[])?.ok_or_else(|| empty(&map))?;
        found(&Entries::of(&kernel, &map)?, &[], &value, output)
    }

    /// Takes the next element of a queue or stack out.
    ///
    /// # Errors
    /// It is empty.
    pub fn pop(&self, output: &mut Output) -> Result<(), Failure> {
        let (kernel, map, _) = self.read()?;
        keyless(&map, "pop")?;
        let mut value = vec![0; map.element_size()];
        if !map.take_into(&[], &mut value)? {
            return Err(empty(&map));
        }
        found(&Entries::of(&kernel, &map)?, &[], &value, output)
    }

    /// Puts an element into a queue, stack or bloom filter.
    ///
    /// # Errors
    /// It is full.
    pub fn push(&self, output: &mut Output) -> Result<(), Failure> {
        let (kernel, map, parts) = self.read()?;
        if map.map_type() != MapType::BLOOM_FILTER {
            keyless(&map, "push")?;
        }
        let types = MapTypes::of(&kernel, &map.info()?)?;
        let value = value(&map, &types, &parts)?;
        map.update(&[], &value, parts.flags.unwrap_or(UpdateFlags::ANY))?;
        output.done()
    }
}

/// Asks a bloom filter whether a value may be in it.
fn bloom(map: &Map, entries: &Entries, parts: &Parts, output: &mut Output) -> Result<(), Failure> {
    let mut value = value(map, entries.types(), parts)?;
    let asked = value.clone();
    if !map.lookup_into(&[], &mut value)? {
        return Err(Failure::not_found(format!(
            "{} is not in map {}",
            entries.value_text(&asked),
            map.name()
        )));
    }
    found(entries, &[], &asked, output)
}

fn found(entries: &Entries, key: &[u8], value: &[u8], output: &mut Output) -> Result<(), Failure> {
    let mut json = Vec::new();
    entries.json(key, value, &mut json);
    let text = format!("{}\n", entries.value_text(value));
    output.show(&Found { json: raw(json)?, text })
}

fn raw(json: Vec<u8>) -> Result<Box<RawValue>, Failure> {
    let text = String::from_utf8(json).map_err(|error| Failure::from_error(&error))?;
    RawValue::from_string(text).map_err(|error| Failure::because("write JSON", &error))
}

/// The key that is written, as bytes.
fn key(map: &Map, types: &MapTypes, parts: &Parts) -> Result<Vec<u8>, Failure> {
    let wanted = Wanted { what: "key", size: map.key_size(), ty: types.typed(types.key) };
    match &parts.key {
        Some(words) => wanted.bytes(words),
        // The only key of a map of variables.
        None if types.section().is_some() => Ok(vec![0; map.key_size()]),
        None => Err(Failure::usage(format!("`key` is missing: it has {} bytes", map.key_size()))),
    }
}

/// The value that is written, as bytes; for all CPUs the same where each has its own.
fn value(map: &Map, types: &MapTypes, parts: &Parts) -> Result<Vec<u8>, Failure> {
    let words = parts.value.as_deref().ok_or_else(|| {
        Failure::usage(format!("`value` is missing: it has {} bytes", map.value_size()))
    })?;
    let wanted = Wanted { what: "value", size: map.value_size(), ty: types.typed(types.value) };
    let one = wanted.bytes(words)?;
    let size = map.element_size();
    if size == one.len() {
        return Ok(one);
    }
    let mut padded = one;
    padded.resize(map.value_size().next_multiple_of(8).max(1), 0);
    Ok(padded.iter().copied().cycle().take(size).collect())
}

/// What goes into maps of programs, maps, cgroups.
enum Object {
    Program(Program),
    Map(Map),
    File(OwnedFd),
}

impl Object {
    fn read(kernel: &Kernel, map: &Map, words: &[String]) -> Result<Self, Failure> {
        let mut words = Words::new(words);
        let object = match map.map_type() {
            MapType::PROG_ARRAY => Self::Program(open::program(kernel, &mut words)?),
            MapType::CGROUP_ARRAY => {
                let path = words.next("the path of a cgroup")?;
                let file = File::open(path)
                    .map_err(|error| Failure::because(format!("open {path}"), &error))?;
                Self::File(file.into())
            }
            MapType::PERF_EVENT_ARRAY => {
                return Err(Failure::unsupported(
                    "an array of perf events is filled by its reader: `osmia map follow`",
                ));
            }
            _ => Self::Map(open::one(kernel, &mut words)?),
        };
        words.end()?;
        Ok(object)
    }

    fn fd(&self) -> Result<Vec<u8>, Failure> {
        let fd = match self {
            Self::Program(program) => program.fd()?,
            Self::Map(map) => map.fd()?,
            Self::File(file) => file.as_fd(),
        };
        Ok(fd.as_raw_fd().to_ne_bytes().to_vec())
    }
}

fn absent(map: &Map, entries: &Entries, key: &[u8]) -> Failure {
    Failure::not_found(format!("map {} has no key {}", map.name(), entries.key_text(key)))
}

fn empty(map: &Map) -> Failure {
    Failure::not_found(format!("map {} is empty", map.name()))
}

fn keyless(map: &Map, verb: &str) -> Result<(), Failure> {
    if matches!(map.map_type(), MapType::QUEUE | MapType::STACK) {
        return Ok(());
    }
    Err(Failure::unsupported(format!(
        "map {} is neither a queue nor a stack: there is nothing to {verb}; `osmia map lookup`, `update` \
         and `delete` take keys",
        map.name()
    )))
}

impl Report for Found {
    fn text(&self, _: &Page) -> String {
        self.text.clone()
    }
}

impl Report for Done {
    fn text(&self, _: &Page) -> String {
        self.text.to_owned()
    }
}
