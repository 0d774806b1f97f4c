//! `osmia map create`, `pin`, `freeze`.

use std::path::PathBuf;

use clap::Args;
use osmia::{Kernel, Map};
use osmia_abi::MapType;
use osmia_sys::{Bpf, Errno, MapCreate, ObjName};

use crate::failure::Failure;
use crate::map::open;
use crate::map_flags;
use crate::near::no_such;
use crate::output::Output;
use crate::words::{Words, number};

// The arguments of `osmia map create`.
#[derive(Args)]
#[command(
    after_help = "The file is in a bpf file system: /sys/fs/bpf/NAME. Words behind it, in any order: type TYPE, key BYTES, value BYTES, entries COUNT, name NAME, \
flags NUMBER|NAME[,NAME], inner_map MAP, offload_dev INTERFACE, extra NUMBER.

Examples:
  osmia map create counts type hash key 4 value 8 entries 1024 name counts
  osmia map create nets type lpm_trie key 8 value 4 entries 64 flags no_prealloc
  osmia map create outer type array_of_maps key 4 value 4 entries 8 inner_map id 7"
)]
pub struct Create {
    /// Where to pin it
    path: PathBuf,
    /// What it is like
    #[arg(required = true, value_name = "type TYPE key BYTES value BYTES entries COUNT name NAME")]
    words: Vec<String>,
}

// The arguments of `osmia map pin`.
#[derive(Args)]
pub struct Pin {
    /// Which map, then the file
    #[arg(required = true, value_name = "MAP FILE")]
    words: Vec<String>,
}

// The arguments of `osmia map freeze`.
#[derive(Args)]
pub struct Freeze {
    /// Which map: `id 12`, `name counts`, `pinned /sys/fs/bpf/counts`
    #[arg(required = true, value_name = "MAP")]
    words: Vec<String>,
}

/// What a map shall be like.
#[derive(Default)]
struct Plan {
    map_type: Option<MapType>,
    key: u32,
    value: u32,
    entries: u32,
    name: String,
    flags: u32,
    inner: Option<Map>,
    device: Option<u32>,
    extra: u64,
}

impl Create {
    /// Makes a map and pins it.
    ///
    /// # Errors
    /// The kernel refuses it, or the file cannot be made.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let kernel = Kernel::running()?;
        let plan = Plan::read(&kernel, &self.words)?;
        let map_type = plan.map_type.ok_or_else(|| Failure::usage("`type` is missing"))?;
        let create = MapCreate {
            map_type,
            key_size: plan.key,
            value_size: plan.value,
            max_entries: plan.entries,
            map_flags: plan.flags,
            inner_map: plan.inner.as_ref().map(Map::fd).transpose()?,
            name: ObjName::from(plan.name.as_str()),
            ifindex: plan.device.unwrap_or(0),
            map_extra: plan.extra,
            ..MapCreate::default()
        };
        let fd = Bpf::default().map_create(&create).map_err(|errno| {
            let name = map_type.name().unwrap_or("unknown");
            if errno == Errno::INVAL && matches!(kernel.has_map_type(map_type), Ok(false)) {
                let since = Kernel::map_type_since(map_type)
                    .map_or_else(String::new, |since| format!(" (they came with {since})"));
                return Failure::unsupported(format!("this kernel has no maps of type {name}{since}"));
            }
            let attempt = format!(
                "create a map of type {name} with keys of {} bytes, values of {} bytes and {} entries{}",
                plan.key,
                plan.value,
                plan.entries,
                rule(map_type)
            );
            Failure::because(attempt, &errno)
        })?;
        Map::from_fd(&kernel, fd.into_fd())?.pin(&self.path)?;
        output.done()
    }
}

impl Plan {
    fn read(kernel: &Kernel, words: &[String]) -> Result<Self, Failure> {
        const KEYWORDS: [&str; 10] = [
            "type",
            "key",
            "value",
            "entries",
            "name",
            "flags",
            "inner_map",
            "dev",
            "offload_dev",
            "extra",
        ];
        let mut words = Words::new(words);
        let mut plan = Self::default();
        while !words.is_empty() {
            match words.keyword(&KEYWORDS)? {
                "type" => plan.map_type = Some(map_type(words.next("the type")?)?),
                "key" => plan.key = small(&mut words, "the size of keys")?,
                "value" => plan.value = small(&mut words, "the size of values")?,
                "entries" => plan.entries = small(&mut words, "the number of entries")?,
                "name" => words.next("the name")?.clone_into(&mut plan.name),
                "flags" => plan.flags = flags(words.next("the flags")?)?,
                "inner_map" => plan.inner = Some(open::one(kernel, &mut words)?),
                "dev" | "offload_dev" => {
                    let name = words.next("the interface")?;
                    plan.device = Some(osmia::interface_index(name)?);
                }
                _ => plan.extra = words.number("the extra number")?,
            }
        }
        Ok(plan)
    }
}

impl Pin {
    /// Pins a map.
    ///
    /// # Errors
    /// There is no such map, or the file cannot be made.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let kernel = Kernel::running()?;
        let mut words = Words::new(&self.words);
        let map = open::one(&kernel, &mut words)?;
        let path = words.next("the file")?;
        words.end()?;
        map.pin(path)?;
        output.done()
    }
}

impl Freeze {
    /// Freezes a map.
    ///
    /// # Errors
    /// There is no such map, or it is frozen already.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let kernel = Kernel::running()?;
        let mut words = Words::new(&self.words);
        let map = open::one(&kernel, &mut words)?;
        words.end()?;
        map.freeze()?;
        output.done()
    }
}

fn small(words: &mut Words<'_>, what: &str) -> Result<u32, Failure> {
    let number = words.number(what)?;
    u32::try_from(number).map_err(|_| Failure::usage(format!("{what} is too large: {number}")))
}

fn map_type(name: &str) -> Result<MapType, Failure> {
    MapType::from_name(name).filter(|ty| *ty != MapType::UNSPEC).ok_or_else(|| {
        let names = MapType::ALL.iter().skip(1).filter_map(|ty| ty.name());
        Failure::usage(no_such("map type", name, names))
    })
}

/// Flags as a number or by their names.
fn flags(word: &str) -> Result<u32, Failure> {
    if let Some(number) = number(word) {
        return u32::try_from(number).map_err(|_| Failure::usage("flags have 32 bits"));
    }
    word.split(',').try_fold(0, |flags, name| {
        let flag = map_flags::of_name(name)
            .ok_or_else(|| Failure::usage(no_such("map flag", name, map_flags::all())))?;
        Ok(flags | flag)
    })
}

/// What maps of a type must be like, where that is often missed.
fn rule(map_type: MapType) -> &'static str {
    match map_type {
        MapType::LPM_TRIE => {
            " (tries want `flags no_prealloc`, and keys of 4 bytes for the length and then the prefix)"
        }
        MapType::RINGBUF | MapType::USER_RINGBUF => {
            " (ring buffers want key 0, value 0, and as entries a power of two of at least a page)"
        }
        MapType::QUEUE | MapType::STACK | MapType::BLOOM_FILTER => " (such maps want key 0)",
        MapType::ARRAY_OF_MAPS | MapType::HASH_OF_MAPS => {
            " (maps of maps want value 4 and `inner_map MAP` as a pattern)"
        }
        MapType::SK_STORAGE
        | MapType::INODE_STORAGE
        | MapType::TASK_STORAGE
        | MapType::CGRP_STORAGE
        | MapType::STRUCT_OPS => " (such maps want types, which only an object tells)",
        MapType::ARRAY
        | MapType::PERCPU_ARRAY
        | MapType::PROG_ARRAY
        | MapType::PERF_EVENT_ARRAY
        | MapType::CGROUP_ARRAY => " (arrays want key 4)",
        _ => "",
    }
}
