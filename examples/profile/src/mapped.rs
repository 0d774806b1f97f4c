//! What is at an address of a process: the file that is mapped there, and the place in it.

use std::collections::HashMap;
use std::fs;

/// The mapped files of processes, read when they are asked for first.
#[derive(Default)]
pub struct Mapped(HashMap<u32, Vec<Mapping>>);

struct Mapping {
    start: u64,
    end: u64,
    offset: u64,
    file: String,
}

impl Mapped {
    /// `libc.so.6+0x2a1b0`, or the address alone of a process that is gone.
    pub fn name(&mut self, pid: u32, address: u64) -> String {
        let mappings = self.0.entry(pid).or_insert_with(|| read(pid));
        match mappings.iter().find(|mapping| (mapping.start..mapping.end).contains(&address)) {
            Some(Mapping { start, offset, file, .. }) => {
                format!("{file}+{:#x}", address - start + offset)
            }
            None => format!("{address:#x}"),
        }
    }
}

fn read(pid: u32) -> Vec<Mapping> {
    let list = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
    list.lines().filter_map(parse).collect()
}

/// `7f00-7f01 r-xp 00001000 08:01 1234   /usr/lib/libc.so.6`
fn parse(line: &str) -> Option<Mapping> {
    let mut fields = line.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let offset = fields.nth(1)?;
    let path = fields.nth(2)?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    let file = path.rsplit('/').next().unwrap_or(path).to_owned();
    Some(Mapping { start: number(start)?, end: number(end)?, offset: number(offset)?, file })
}
