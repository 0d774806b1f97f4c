//! `osmia map list`: what maps there are.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd};
use std::path::PathBuf;

use clap::Args;
use osmia::{Kernel, Map};
use osmia_abi::{BpfMapInfo, ProgType};
use osmia_sys::{Bpf, FdKind, Netlink};
use serde::Serialize;

use crate::failure::Failure;
use crate::holders::{self, Holder, Holders};
use crate::map::types::MapTypes;
use crate::map_flags;
use crate::output::Output;
use crate::pins::Pins;
use crate::put::put;
use crate::report::{Page, Report};
use crate::select::maps::{self, OpenMap};
use crate::select::names::Names;
use crate::select::text;
use crate::selector::Selector;
use crate::table::{Column, fitted};

// The arguments of `osmia map list` and `osmia map show`.
#[derive(Args, Default)]
#[command(after_help = "Examples:
  osmia map list                        all maps
  osmia map list --count                with the number of elements in each
  osmia map show name counts            one map, with its types
  osmia -j -f map list                  for programs, with the paths of pins")]
pub struct List {
    /// Which map: `id 12`, `name counts`, `pinned /sys/fs/bpf/counts`; all if not said
    #[arg(value_name = "MAP")]
    words: Vec<String>,
    /// Count the elements
    #[arg(long, short)]
    count: bool,
}

/// A map, under the names that bpftool has in its JSON; then those that it has not.
#[derive(Serialize)]
pub struct Shown {
    id: u32,
    #[serde(rename = "type")]
    map_type: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    /// The name in C, where the kernel has kept 15 bytes of it.
    #[serde(skip)]
    whole_name: Option<String>,
    flags: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    ifname: Option<String>,
    bytes_key: u32,
    bytes_value: u32,
    max_entries: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes_memlock: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_prog_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_jited: Option<bool>,
    frozen: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    btf_id: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pinned: Option<Vec<PathBuf>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pids: Vec<Holder>,
    #[serde(skip_serializing_if = "Option::is_none")]
    map_extra: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_type: Option<String>,
}

#[derive(Serialize)]
#[serde(transparent)]
struct ListReport {
    maps: Vec<Shown>,
}

#[derive(Serialize)]
#[serde(transparent)]
struct OneReport {
    map: Shown,
}

impl List {
    /// Lists them.
    ///
    /// # Errors
    /// The kernel does not tell, or there is no such map.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let bpf = Bpf::default();
        let selector = Selector::optional(&self.words)?;
        let holders = Holders::find(&bpf, FdKind::Map);
        let found = match &selector {
            Some(selector) => maps::several(&bpf, selector)?,
            None => maps::all(&bpf)?,
        };
        let pins = output.shows_pins().then(|| Pins::find(&bpf));
        let single = selector.is_some() && found.len() == 1;
        let kernel = Kernel::running()?;
        let found: Vec<(OpenMap, Shown)> = found
            .into_iter()
            .map(|map| {
                let shown = Shown::of(&map.info, map.fd.as_fd());
                (map, shown)
            })
            .collect();
        let (mut maps, mut names) = (Vec::new(), Names::default());
        for (map, mut shown) in found {
            shown.whole_name = names.of_map(&bpf, &map);
            shown.pinned = pins.as_ref().and_then(|pins| {
                let paths = pins.of(FdKind::Map, map.info.id);
                (!paths.is_empty()).then(|| paths.to_vec())
            });
            shown.pids = holders.of(map.info.id).to_vec();
            self.more(&kernel, map, single, &mut shown)?;
            maps.push(shown);
        }
        match maps.pop() {
            Some(map) if single => output.show(&OneReport { map }),
            last => {
                maps.extend(last);
                output.show(&ListReport { maps })
            }
        }
    }

    /// What has to be asked for by itself.
    fn more(
        &self,
        kernel: &Kernel,
        map: OpenMap,
        types: bool,
        shown: &mut Shown,
    ) -> Result<(), Failure> {
        if !self.count && !types {
            return Ok(());
        }
        let map = Map::from_fd(kernel, map.fd.into_fd())?;
        if self.count {
            shown.entries = super::count::elements(&map)?;
        }
        if types {
            let types = MapTypes::of(kernel, &map.info()?)?;
            shown.key_type = types.title(types.key);
            shown.value_type = types.title(types.value);
        }
        Ok(())
    }
}

/// A map as the list has it, without pins and processes.
///
/// # Errors
/// The kernel does not tell.
pub fn shown(map: &Map) -> Result<Shown, Failure> {
    let bpf = Bpf::default();
    let id = map.info()?.id;
    let found = maps::one(&bpf, &Selector::Id(id))?;
    Ok(Shown::of(&found.info, found.fd.as_fd()))
}

impl Shown {
    fn of(info: &BpfMapInfo, fd: BorrowedFd<'_>) -> Self {
        let told = Told::of(fd);
        let nonzero = |number: u32| (number != 0).then_some(number);
        let device = |index| Netlink::open().and_then(|net| net.name_of(index));
        Self {
            id: info.id,
            map_type: info.type_.name().map_or_else(|| info.type_.0.to_string(), str::to_owned),
            name: text(&info.name),
            whole_name: None,
            flags: info.map_flags,
            ifname: nonzero(info.ifindex)
                .map(|index| device(index).unwrap_or_else(|_| index.to_string())),
            bytes_key: info.key_size,
            bytes_value: info.value_size,
            max_entries: info.max_entries,
            bytes_memlock: told.memlock,
            owner_prog_type: told.owner.map(|owner| {
                ProgType(owner).name().map_or_else(|| owner.to_string(), str::to_owned)
            }),
            owner_jited: told.owner.and(told.owner_jited),
            frozen: u32::from(told.frozen),
            btf_id: nonzero(info.btf_id),
            pinned: None,
            pids: Vec::new(),
            map_extra: (info.map_extra != 0).then_some(info.map_extra),
            entries: None,
            key_type: None,
            value_type: None,
        }
    }
}

/// What procfs tells of a map.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    memlock: Option<u64>,
    owner: Option<u32>,
    owner_jited: Option<bool>,
    frozen: bool,
}

impl Told {
    fn of(fd: BorrowedFd<'_>) -> Self {
        let file = File::open(format!("/proc/self/fdinfo/{}", fd.as_raw_fd()));
        // A file of procfs has no size to ask for, and this one comes in a piece.
        let mut told = [0; 1024];
        let len = file.and_then(|mut file| file.read(&mut told)).unwrap_or_default();
        let told = told.get(..len).and_then(|told| std::str::from_utf8(told).ok());
        told.map_or_else(Self::default, Self::read)
    }

    fn read(text: &str) -> Self {
        let mut told = Self::default();
        for (key, value) in text.lines().filter_map(|line| line.split_once(':')) {
            let number = value.trim().parse::<u64>().ok();
            match key {
                "memlock" => told.memlock = number,
                "owner_prog_type" => told.owner = number.and_then(|n| u32::try_from(n).ok()),
                "owner_jited" => told.owner_jited = number.map(|number| number != 0),
                "frozen" => told.frozen = number == Some(1),
                _ => {}
            }
        }
        told
    }
}

impl Report for ListReport {
    fn text(&self, page: &Page) -> String {
        if self.maps.is_empty() {
            return "no maps\n".to_owned();
        }
        let mut columns = vec![
            Column::number("id", 0),
            Column::text("type", 0),
            Column::text("name", 0),
            Column::number("entries", 1),
            Column::number("key", 4),
            Column::number("value", 4),
            Column::number("max", 2),
            Column::number("memory", 3),
            Column::text("flags", 5),
            Column::text("held by", 1),
        ];
        let pinned = self.maps.iter().any(|map| map.pinned.is_some());
        columns.extend(pinned.then_some(Column::text("pinned", 0)));
        let counted = self.maps.iter().any(|map| map.entries.is_some());
        let entries = |map: &Shown| match map.entries {
            Some(count) => count.to_string(),
            None if counted => "-".to_owned(),
            None => String::new(),
        };
        let rows: Vec<Vec<String>> = self
            .maps
            .iter()
            .map(|map| {
                vec![
                    map.id.to_string(),
                    map.map_type.clone(),
                    map.whole_name.as_ref().unwrap_or(&map.name).clone(),
                    entries(map),
                    map.bytes_key.to_string(),
                    map.bytes_value.to_string(),
                    map.max_entries.to_string(),
                    map.bytes_memlock.map_or_else(String::new, memory),
                    map.flags_text(),
                    holders::text(&map.pids),
                    map.pinned_text(),
                ]
            })
            .collect();
        fitted(page, &columns, &rows).plain()
    }
}

impl Shown {
    fn flags_text(&self) -> String {
        let mut flags = map_flags::names(self.flags);
        if self.frozen != 0 {
            flags.push_str(if flags.is_empty() { "frozen" } else { " frozen" });
        }
        flags
    }

    fn pinned_text(&self) -> String {
        let paths = self.pinned.iter().flatten().map(|path| path.display().to_string());
        paths.collect::<Vec<_>>().join(" ")
    }
}

impl Report for OneReport {
    fn text(&self, _: &Page) -> String {
        let map = &self.map;
        let bold = anstyle::Style::new().bold();
        let name = map.whole_name.as_ref().unwrap_or(&map.name);
        let mut text = String::new();
        put!(text, "{bold}{}: {} {name}{bold:#}\n", map.id, map.map_type);
        let mut line = |name: &str, value: Option<String>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                put!(text, "  {name:12}  {value}\n");
            }
        };
        let sized = |ty: &Option<String>, bytes: u32| match ty {
            Some(ty) => format!("{ty} ({bytes} bytes)"),
            None => format!("{bytes} bytes"),
        };
        line("key", Some(sized(&map.key_type, map.bytes_key)));
        line("value", Some(sized(&map.value_type, map.bytes_value)));
        line("max entries", Some(map.max_entries.to_string()));
        line("entries", map.entries.map(|count| count.to_string()));
        line("memory", map.bytes_memlock.map(memory));
        line("flags", Some(map.flags_text()));
        line("extra", map.map_extra.map(|extra| format!("{extra:#x}")));
        line("device", map.ifname.clone());
        let jited = if map.owner_jited == Some(true) { ", jited" } else { "" };
        line("for programs", map.owner_prog_type.as_ref().map(|owner| format!("{owner}{jited}")));
        line("btf", map.btf_id.map(|id| id.to_string()));
        line("pinned", Some(map.pinned_text()));
        line("held by", Some(holders::text(&map.pids)));
        text
    }
}

/// Bytes with a unit.
fn memory(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["K", "M", "G", "T"];
    let mut scaled = bytes * 10;
    let mut unit = "";
    for next in UNITS {
        if scaled < 10_240 {
            break;
        }
        scaled /= 1024;
        unit = next;
    }
    match (unit, scaled) {
        ("", _) => bytes.to_string(),
        (unit, 0..100) => format!("{}.{}{unit}", scaled / 10, scaled % 10),
        (unit, _) => format!("{}{unit}", scaled / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::{Told, memory};

    #[test]
    fn procfs_tells_more_of_maps() {
        let text = "pos:\t0\nmap_type:\t3\nmemlock:\t328\nmap_id:\t5\nfrozen:\t1\n\
                    owner_prog_type:\t1\nowner_jited:\t1\n";
        let told = Told::read(text);
        assert_eq!(told.memlock, Some(328));
        assert_eq!((told.owner, told.owner_jited, told.frozen), (Some(1), Some(true), true));
        assert_eq!(Told::read("nonsense"), Told::default());
    }

    #[test]
    fn memory_has_units() {
        let texts = [0, 328, 2320, 8192, 105_906_176, 1 << 41].map(memory);
        assert_eq!(texts, ["0", "328", "2.2K", "8.0K", "101M", "2.0T"]);
    }
}
