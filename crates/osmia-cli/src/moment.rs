//! Moments, told for people and as the seconds of the Unix epoch.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

/// What the clocks say now.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Since the epoch.
    real: Duration,
    /// Since the boot.
    boot: Duration,
}

impl Now {
    /// Looks at the clocks.
    pub fn look() -> Self {
        let boot = clock_gettime(ClockId::Boottime);
        let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let boot = Duration::new(boot.tv_sec.unsigned_abs(), boot.tv_nsec as u32);
        Self { real, boot }
    }

    /// A moment counted from the boot, in seconds since the epoch.
    pub fn epoch(&self, since_boot: Duration) -> u64 {
        (self.real + since_boot).saturating_sub(self.boot).as_secs()
    }

    /// How long ago a moment was.
    pub fn ago(&self, since_boot: Duration) -> Duration {
        self.boot.saturating_sub(since_boot)
    }
}

/// A span in one unit: `40s`, `3m`, `5h`, `12d`.
pub fn short(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..=99 => format!("{seconds}s"),
        100..=5999 => format!("{}m", seconds / 60),
        6000..=172_799 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86400),
    }
}

/// A span with its digits that matter: `850 ns`, `1.52 ms`.
pub fn precise(span: Duration) -> String {
    let nanos = span.as_nanos();
    let (unit, size) = match nanos {
        0..=999 => return format!("{nanos} ns"),
        1000..=999_999 => ("µs", 1e-6),
        1_000_000..=999_999_999 => ("ms", 1e-3),
        _ => ("s", 1.0),
    };
    let value = span.as_secs_f64() / size;
    let digits = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.digits$} {unit}")
}

/// Seconds since the epoch as a date: `2026-11-25 03:08:52 UTC`.
pub fn date(epoch: u64) -> String {
    let (days, second) = (epoch / 86400, epoch % 86400);
    // Years that begin in March put the leap day at their end.
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (date, month) = (day - (153 * month + 2) / 5 + 1, (month + 2) % 12 + 1);
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year}-{month:02}-{date:02} {hour:02}:{minute:02}:{second:02} UTC")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{date, precise, short};

    #[test]
    fn dates() {
        assert_eq!(date(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(date(951_827_696), "2000-02-29 12:34:56 UTC");
        assert_eq!(date(1_795_576_132), "2026-11-25 03:08:52 UTC");
        assert_eq!(date(1_767_225_599), "2025-12-31 23:59:59 UTC");
    }

    #[test]
    fn spans() {
        assert_eq!(short(Duration::from_secs(40)), "40s");
        assert_eq!(short(Duration::from_secs(7200)), "2h");
        assert_eq!(precise(Duration::from_nanos(850)), "850 ns");
        assert_eq!(precise(Duration::from_micros(1524)), "1.52 ms");
        assert_eq!(precise(Duration::from_secs(75)), "75.0 s");
    }
}
