//! The release of a Linux kernel.

use std::{fmt, str::FromStr};

/// A kernel's release, as far as documentation speaks of it: `6.1` or `6.1.90`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    major: u32,
    minor: u32,
    patch: u32,
}

impl Release {
    /// The release of the running kernel.
    ///
    /// # Panics
    /// If the kernel's release does not start with two numbers.
    pub fn running() -> Self {
        let name = rustix::system::uname();
        let text = name.release().to_string_lossy();
        text.parse().unwrap_or_else(|()| {
            panic!("the kernel calls itself {text:?}, which starts with no version")
        })
    }
}

impl FromStr for Release {
    type Err = ();

    /// Reads the leading numbers; what follows them (`-rc7`, `-amd64`) does not matter.
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut numbers = text.split('.').map(leading_number);
        let major = numbers.next().flatten().ok_or(())?;
        let minor = numbers.next().flatten().ok_or(())?;
        let patch = numbers.next().flatten().unwrap_or(0);
        Ok(Self { major, minor, patch })
    }
}

fn leading_number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.patch == 0 { Ok(()) } else { write!(f, ".{}", self.patch) }
    }
}

#[cfg(test)]
mod tests {
    use super::Release;

    fn release(text: &str) -> Release {
        text.parse().unwrap()
    }

    #[test]
    fn orders_by_number_not_by_text() {
        assert!(release("5.10") > release("5.8"));
        assert!(release("6.1.9") < release("6.1.90"));
        assert_eq!(release("7.3-rc7-amd64"), release("7.3"));
        assert_eq!(release("6.1.0-28-amd64").to_string(), "6.1");
    }

    #[test]
    fn refuses_what_is_no_release() {
        assert!("".parse::<Release>().is_err());
        assert!("6".parse::<Release>().is_err());
        assert!("six.one".parse::<Release>().is_err());
    }

    #[test]
    fn knows_the_running_kernel() {
        assert!(Release::running() > release("3.0"));
    }
}
