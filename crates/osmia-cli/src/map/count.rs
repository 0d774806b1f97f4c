//! `osmia map count`: how many elements there are.

use clap::Args;
use osmia::{Kernel, Map, RingBuf};
use osmia_abi::MapType;
use serde::Serialize;

use crate::failure::Failure;
use crate::map::dump::walkable;
use crate::map::open::all;
use crate::output::Output;
use crate::report::{Page, Report};
use crate::words::Words;

// The arguments of `osmia map count`.
#[derive(Args)]
pub struct Count {
    /// Which map: `id 12`, `name counts`, `pinned /sys/fs/bpf/counts`
    #[arg(required = true, value_name = "MAP")]
    words: Vec<String>,
}

#[derive(Serialize)]
struct Counted {
    id: u32,
    name: String,
    entries: u64,
    max_entries: u32,
}

impl Count {
    /// Counts them.
    ///
    /// # Errors
    /// There is no such map, or it has no elements that can be counted.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let kernel = Kernel::running()?;
        let mut words = Words::new(&self.words);
        let maps = all(&kernel, &mut words)?;
        words.end()?;
        for map in maps {
            let Some(entries) = elements(&map)? else {
                walkable(&map)?;
                return Err(Failure::unsupported("such maps do not tell their elements"));
            };
            let id = map.info()?.id;
            let name = map.name().to_owned();
            output.show(&Counted { id, name, entries, max_entries: map.max_entries() })?;
        }
        Ok(())
    }
}

/// How many elements a map has; the bytes in use for a ring buffer; `None` where that cannot be
/// known.
///
/// # Errors
/// The map cannot be walked.
pub fn elements(map: &Map) -> Result<Option<u64>, Failure> {
    match map.map_type() {
        MapType::RINGBUF => {
            let ring: RingBuf<[u8]> = map.clone().try_into()?;
            Ok(Some(ring.positions()?.available as u64))
        }
        MapType::USER_RINGBUF
        | MapType::PERF_EVENT_ARRAY
        | MapType::QUEUE
        | MapType::STACK
        | MapType::BLOOM_FILTER
        | MapType::ARENA
        | MapType::STRUCT_OPS => Ok(None),
        MapType::SOCKMAP | MapType::SOCKHASH | MapType::XSKMAP | MapType::REUSEPORT_SOCKARRAY => {
            keys(map).map(Some)
        }
        // Storage in sockets, files, tasks and cgroups is found by those.
        MapType::SK_STORAGE
        | MapType::INODE_STORAGE
        | MapType::TASK_STORAGE
        | MapType::CGRP_STORAGE => Ok(None),
        _ => Ok(Some(map.count()?)),
    }
}

/// How many keys there are, where values cannot be read.
fn keys(map: &Map) -> Result<u64, Failure> {
    let mut count = 0;
    let mut key = None;
    while count <= 2 * u64::from(map.max_entries()) {
        key = map.next_key(key.as_deref())?;
        if key.is_none() {
            break;
        }
        count += 1;
    }
    Ok(count)
}

impl Report for Counted {
    fn text(&self, _: &Page) -> String {
        format!("{}\n", self.entries)
    }
}
