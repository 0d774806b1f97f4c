//! Series of kernels, and which of their releases is newer.

use std::{cmp::Ordering, convert::Infallible, fmt, str::FromStr};

/// A series of kernels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Series {
    /// Such as 6.1.
    Named(String),
    /// Whatever is newest.
    Newest,
}

impl Series {
    /// Those that are always tested: old ones that are widely run, and the newest.
    pub(crate) fn usual() -> Vec<Self> {
        let mut series = Self::named(&["5.10", "6.1", "6.12"]);
        series.push(Self::Newest);
        series
    }

    /// What else Debian has, or had lately: the series between.
    pub(crate) fn rest() -> Vec<Self> {
        Self::named(&["6.16", "6.17", "6.18", "6.19", "7.0", "7.1", "7.2"])
    }

    /// Those that are tested on other architectures: the first with everything that the tests need there.
    pub(crate) fn of_others() -> Vec<Self> {
        Self::named(&["6.12"])
    }

    fn named(names: &[&str]) -> Vec<Self> {
        names.iter().map(|name| Self::Named((*name).to_owned())).collect()
    }

    /// Whether a release such as `6.1.0-56` is of this series.
    pub(crate) fn has(&self, release: &str) -> bool {
        match self {
            Self::Newest => true,
            Self::Named(name) => {
                release.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('.'))
            }
        }
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::Newest => f.write_str("newest"),
        }
    }
}

impl FromStr for Series {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(if text == "newest" { Self::Newest } else { Self::Named(text.to_owned()) })
    }
}

/// Compares releases by the numbers in them.
pub(crate) fn by_age(a: &str, b: &str) -> Ordering {
    numbers(a).cmp(&numbers(b))
}

fn numbers(release: &str) -> Vec<u32> {
    release.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Series, by_age};

    #[test]
    fn a_series_is_more_than_a_prefix() {
        let series = Series::Named("6.1".to_owned());
        assert!(series.has("6.1.0-56"));
        assert!(!series.has("6.12.118+deb13"));
        assert!(Series::Newest.has("7.3.4+deb13"));
    }

    #[test]
    fn newer_is_by_number() {
        let mut releases =
            ["6.1.0-56", "6.1.0-0.deb11.52", "6.1.0-9", "6.12.118+deb13", "6.12.43+deb12"];
        releases.sort_by(|a, b| by_age(a, b));
        let sorted = ["6.1.0-0.deb11.52", "6.1.0-9", "6.1.0-56", "6.12.43+deb12", "6.12.118+deb13"];
        assert_eq!(releases, sorted);
    }
}
