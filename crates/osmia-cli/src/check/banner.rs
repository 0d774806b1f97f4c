//! The words by which kernels introduce themselves: `Linux version 6.1.0-32-amd64 (...) #1 SMP ...`.

/// What stands in front of the release.
const HEAD: &[u8] = b"Linux version ";

/// No banner is longer.
const LONGEST: usize = 512;

/// A kernel's release, and its version as `LINUX_VERSION_CODE` counts.
#[derive(Debug, PartialEq, Eq)]
pub struct Banner {
    /// As `uname -r` tells it.
    pub release: String,
    /// `0x0006_0281` is 6.2.129.
    pub version: Option<u32>,
}

impl Banner {
    /// The first banner in a kernel's image, or in `/proc/version`.
    pub fn find(bytes: &[u8]) -> Option<Self> {
        memchr::memmem::find_iter(bytes, HEAD).find_map(|at| {
            let text = bytes.get(at + HEAD.len()..)?;
            let text = text.get(..LONGEST).unwrap_or(text);
            let end = text.iter().position(|&byte| byte == 0 || byte == b'\n');
            Self::read(&String::from_utf8_lossy(text.get(..end.unwrap_or(text.len()))?))
        })
    }

    fn read(text: &str) -> Option<Self> {
        let release = text.split_whitespace().next()?;
        // In an image there are formats as well, `%s (%s@%s)`.
        if !release.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        // Debian keeps a release's numbers at the series' first ones, and tells the patch level apart.
        let debian = text.rsplit_once("Debian ").and_then(|(_, rest)| code(rest));
        Some(Self { release: release.to_owned(), version: debian.or_else(|| code(release)) })
    }
}

/// The three numbers that a text begins with, as one.
fn code(text: &str) -> Option<u32> {
    let mut parts = text.splitn(3, '.').map(|part| {
        let end = part.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(part.len());
        part.get(..end)?.parse::<u32>().ok()
    });
    let mut next = || parts.next()?;
    let (major, minor, patch) = (next()?, next()?, next().unwrap_or(0));
    (major <= 0xff).then_some(major << 16 | minor.min(255) << 8 | patch.min(255))
}

#[cfg(test)]
mod tests {
    use super::Banner;

    fn found(text: &str) -> Option<(String, Option<u32>)> {
        Banner::find(text.as_bytes()).map(|banner| (banner.release, banner.version))
    }

    #[test]
    fn releases_and_versions() {
        let debian = "\0Linux version %s\0Linux version 6.1.0-32-amd64 (debian-kernel@lists.debian.org) \
                      (gcc-12 (Debian 12.2.0-14) 12.2.0) #1 SMP PREEMPT_DYNAMIC Debian 6.1.129-1 (2025-03-06)\n\0";
        assert_eq!(found(debian), Some(("6.1.0-32-amd64".to_owned(), Some(0x06_01_81))));
        let plain = "Linux version 7.2-rc1 (me@here) #1";
        assert_eq!(found(plain), Some(("7.2-rc1".to_owned(), Some(0x07_02_00))));
        assert_eq!(found("Linux version "), None);
        assert_eq!(found("Linux"), None);
    }
}
