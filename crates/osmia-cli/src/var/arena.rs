//! Variables in arenas.

use std::fs;

use osmia::{Kernel, Map};
use osmia_btf::Kind;
use osmia_sys::FdKind;

use crate::failure::Failure;
use crate::holders::Holders;
use crate::select::maps::OpenMap;
use crate::select::names::read;
use crate::select::progs;
use crate::var::find::{Found, of_section};

/// Where compilers put variables of the arenas' address space.
const SECTION: &str = ".addr_space.1";

/// What `/proc/PID/maps` calls mapped maps.
const MAPPED: &str = "anon_inode:bpf-map";

/// The variables at the start of an arena. The map has no types: those of a program that uses it
/// tell of them. Of an arena that nobody has asked for none are found if it cannot be mapped.
///
/// # Errors
/// The kernel does not tell, or an arena that was asked for cannot be mapped.
pub fn in_arena(kernel: &Kernel, open: &OpenMap, is_chosen: bool) -> Result<Vec<Found>, Failure> {
    let (bpf, id) = (kernel.bpf(), open.info.id);
    let mut using = progs::all(bpf)?;
    using.retain(|prog| prog.info.btf_id != 0 && prog.map_ids.contains(&id));
    let Some(btf) = using.first().and_then(|prog| read(bpf, prog.info.btf_id)) else {
        return Ok(Vec::new());
    };
    let Some(section) = btf.find(Kind::DataSec, SECTION)? else { return Ok(Vec::new()) };
    match mapped(kernel, open)? {
        Some(map) => Ok(of_section(&btf, &section, &map, id)),
        None if is_chosen => Err(Failure::unsupported(format!(
            "arena {id} cannot be read: it has no address of its own (map_extra), and no process that can be \
             looked into has it mapped"
        ))),
        None => Ok(Vec::new()),
    }
}

/// The arena, mapped where all have it: at its own address, or where a process that has it open has
/// a map of its size. The kernel refuses all other addresses.
fn mapped(kernel: &Kernel, open: &OpenMap) -> Result<Option<Map>, Failure> {
    let (bpf, info) = (kernel.bpf(), &open.info);
    let len = osmia_sys::page_size() as u64 * u64::from(info.max_entries);
    let mut addresses: Vec<u64> = [info.map_extra].into_iter().filter(|own| *own != 0).collect();
    if addresses.is_empty() {
        let holders = Holders::find(bpf, FdKind::Map);
        for holder in holders.of(info.id) {
            // A process that has ended meanwhile has nothing mapped.
            let maps = fs::read_to_string(format!("/proc/{}/maps", holder.pid)).unwrap_or_default();
            addresses.extend(maps.lines().filter_map(|line| start_of(line, len)));
        }
    }
    for address in addresses {
        let fd = bpf.map_by_id(info.id, 0)?.into_fd();
        if let Ok(map) = Map::arena_at(kernel, fd, address) {
            return Ok(Some(map));
        }
    }
    Ok(None)
}

/// Where a mapped map of this length begins, if the line tells of one.
fn start_of(line: &str, len: u64) -> Option<u64> {
    let (start, rest) = line.strip_suffix(MAPPED)?.split_once('-')?;
    let (end, _) = rest.split_once(' ')?;
    let (start, end) = (u64::from_str_radix(start, 16).ok()?, u64::from_str_radix(end, 16).ok()?);
    (end.checked_sub(start) == Some(len)).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::start_of;

    #[test]
    fn mapped_maps_are_found_by_their_size() {
        let line = "7f0000000000-7f0000004000 rw-s 00000000 00:10 2061   anon_inode:bpf-map";
        assert_eq!(start_of(line, 0x4000), Some(0x7f00_0000_0000));
        assert_eq!(start_of(line, 0x1000), None);
        assert_eq!(start_of("7f00-7f01 rw-s 00000000 00:10 2061 /lib/x.so", 1), None);
    }
}
