//! The kernel's version as one number.

use crate::kernel::files::Files;

/// The version as `LINUX_VERSION_CODE` counts; `None` if procfs does not tell it.
pub(crate) fn code(files: &Files) -> Option<u32> {
    let read = |path: &str| files.read(path).unwrap_or_default();
    of(
        &read("/proc/version_signature"),
        &read("/proc/sys/kernel/version"),
        &read("/proc/sys/kernel/osrelease"),
    )
}

/// Distributions keep the release's numbers at the series' first ones while they follow its
/// patches; where the patch level is, differs.
fn of(signature: &str, build: &str, release: &str) -> Option<u32> {
    // Ubuntu 5.4.0-12.15-generic 5.4.8
    let ubuntu = signature.strip_prefix("Ubuntu ").and_then(|rest| rest.split_whitespace().nth(1));
    if let Some(version) = ubuntu.and_then(number) {
        return Some(version);
    }
    // #1 SMP PREEMPT_DYNAMIC Debian 6.1.129-1 (2025-03-06)
    let debian = build.split_once("Debian ").and_then(|(_, rest)| number(rest));
    debian.or_else(|| number(release))
}

/// `KERNEL_VERSION(major, minor, patch)` of a text that begins with them.
fn number(text: &str) -> Option<u32> {
    let mut parts = text.trim().splitn(3, '.').map(leading);
    let mut next = || parts.next()?;
    let (major, minor, patch) = (next()?, next()?, next().unwrap_or(0));
    (major <= 0xff).then_some((major << 16) + (minor.min(255) << 8) + patch.min(255))
}

/// The number that a text begins with.
fn leading(text: &str) -> Option<u32> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::of;

    const fn version(major: u32, minor: u32, patch: u32) -> u32 {
        major << 16 | minor << 8 | patch
    }

    #[test]
    fn distributions_tell_their_patch_level_elsewhere() {
        for (signature, build, release, expected) in [
            ("", "#1 SMP PREEMPT_DYNAMIC @0", "6.18.44-fc-v669\n", Some(version(6, 18, 44))),
            (
                "",
                "#1 SMP Debian 4.19.98-1 (2020-01-26)",
                "4.19.0-8-amd64",
                Some(version(4, 19, 98)),
            ),
            (
                "",
                "#1 SMP PREEMPT_DYNAMIC Debian 6.1.129-1 (2025-03-06)",
                "6.1.0-32-amd64",
                Some(version(6, 1, 129)),
            ),
            (
                "Ubuntu 5.4.0-12.15-generic 5.4.8\n",
                "#15-Ubuntu SMP Tue Jan 21 15:12:29 UTC 2020",
                "5.4.0-12-generic",
                Some(version(5, 4, 8)),
            ),
            ("", "#1 SMP", "4.19.325", Some(version(4, 19, 255))),
            ("", "#1 SMP", "7.2-rc1", Some(version(7, 2, 0))),
            ("", "Debian of my own", "6.6.1", Some(version(6, 6, 1))),
            ("Ubuntu", "", "6.6.1", Some(version(6, 6, 1))),
            ("", "", "", None),
            ("", "", "x.y.z", None),
        ] {
            assert_eq!(of(signature, build, release), expected, "{release}");
        }
    }
}
