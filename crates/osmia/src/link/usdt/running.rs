//! Where a mark is in a process that runs.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use osmia_object::usdt::{UsdtFile, UsdtProbe};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;

/// The address at which programs will see the mark.
pub(super) fn address(
    kernel: &Kernel,
    path: &Path,
    file: &UsdtFile,
    probe: &UsdtProbe,
    process: Option<u32>,
) -> Result<u64, Error> {
    if file.is_fixed {
        return Ok(probe.place.address);
    }
    let Some(process) = process else {
        let feature = crate::kernel::feature::Feature::AttachCookies;
        let message = format!(
            "{} may be at any address in a process, and without cookies a program knows marks by their addresses: say which \
             process (`Usdt::process`)",
            path.display()
        );
        return Err(Error::new(feature.lacking(), message));
    };
    let attempt = || format!("find where process {process} has {}", path.display());
    let system = |error: std::io::Error| {
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            std::io::ErrorKind::PermissionDenied => ErrorKind::Permission,
            _ => ErrorKind::System,
        };
        Error::new(kind, attempt()).caused_by(error)
    };
    let maps = kernel.files().read(&format!("/proc/{process}/maps")).map_err(system)?;
    let inode = std::fs::metadata(path).map_err(system)?.ino();
    let offset = probe.place.offset.unwrap_or(0);
    let mut found = maps.lines().filter_map(|line| Part::parse(line, inode)?.address(offset));
    found.next().ok_or_else(|| {
        Error::not_found(format!("process {process} does not run {} there", path.display()))
    })
}

/// A part of a file that a process runs.
struct Part {
    start: u64,
    end: u64,
    offset: u64,
}

impl Part {
    /// Reads a line of `maps`, if it is about a file of this number.
    fn parse(line: &str, inode: u64) -> Option<Self> {
        let mut words = line.split_ascii_whitespace();
        let (start, end) = words.next()?.split_once('-')?;
        let runs = words.next()?.contains('x');
        let hexadecimal = |text| u64::from_str_radix(text, 16).ok();
        let offset = hexadecimal(words.next()?)?;
        let same = words.nth(1)?.parse() == Ok(inode);
        let part = Self { start: hexadecimal(start)?, end: hexadecimal(end)?, offset };
        (runs && same).then_some(part)
    }

    fn address(&self, offset: u64) -> Option<u64> {
        let address = self.start.checked_add(offset.checked_sub(self.offset)?)?;
        (address < self.end).then_some(address)
    }
}

#[cfg(test)]
mod tests {
    use super::Part;

    #[test]
    fn maps_are_read() {
        let line = "7f5a4c028000-7f5a4c1bd000 r-xp 00028000 fe:01 1234    /usr/lib/libc.so.6";
        let part = Part::parse(line, 1234).unwrap();
        assert_eq!(part.address(0x28010), Some(0x7f5a_4c02_8010));
        assert_eq!((part.address(0x27fff), part.address(0x28000 + 0x19_5000)), (None, None));
        assert!(Part::parse(line, 1235).is_none());
        assert!(Part::parse(&line.replace("r-xp", "r--p"), 1234).is_none());
        for wrong in ["", "x", "1-2", "1-2 x 0 fe:01", "1_2 x 0 fe:01 1234"] {
            assert!(Part::parse(wrong, 1234).is_none(), "{wrong}");
        }
    }
}
