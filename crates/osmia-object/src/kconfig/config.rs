//! The configuration that a kernel was built with.

use std::fmt;
use std::io::Read as _;

use flate2::read::MultiGzDecoder;

use crate::error::Error;

/// What gzip-compressed files begin with.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// A configuration has about 10,000 lines and 300 KB; more than this is something else.
const LARGEST: u64 = 8 << 20;

/// The configuration that a kernel was built with, as its build system writes it: lines of
/// `CONFIG_HZ=250` and `# CONFIG_DEBUG_WX is not set`.
///
/// # Examples
/// ```
/// use osmia_object::kconfig::Config;
///
/// let config = Config::parse("example", b"CONFIG_HZ=250\n# CONFIG_DEBUG_WX is not set\n")?;
/// assert_eq!(config.option("CONFIG_HZ"), Some("250"));
/// assert_eq!(config.option("CONFIG_DEBUG_WX"), Some("n"));
/// assert_eq!(config.option("CONFIG_NUMA"), None);
/// # Ok::<(), osmia_object::Error>(())
/// ```
#[derive(Clone)]
pub struct Config {
    origin: String,
    text: String,
}

impl Config {
    /// Reads the bytes of a configuration file, as text or compressed with gzip. `origin` is what
    /// messages call the file.
    ///
    /// # Errors
    /// The bytes are neither, or no option is in them.
    pub fn parse(origin: impl Into<String>, bytes: &[u8]) -> Result<Self, Error> {
        let origin = origin.into();
        match text(bytes) {
            Ok(text) => Ok(Self { origin, text }),
            Err(problem) => Err(Error::Config { origin, problem }),
        }
    }

    /// What messages call the file that this is from.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What is said of an option, as it is written behind the `=`; `n` where it is said not
    /// to be set, and `None` where nothing is said: the kernel does not know the option, or
    /// something that it depends on is not set.
    ///
    /// The first line about an option counts.
    pub fn option(&self, name: &str) -> Option<&str> {
        if name.is_empty() {
            return None;
        }
        let mut places = self.text.match_indices(name);
        places.find_map(|(at, _)| self.said_at(at, name.len()))
    }

    /// What is said of the option whose name stands here, if it is one's whole name.
    fn said_at(&self, at: usize, len: usize) -> Option<&str> {
        let (before, from) = self.text.split_at_checked(at)?;
        let rest = from.get(len..)?.split('\n').next()?;
        let line_before = before.rsplit('\n').next()?;
        match line_before {
            "" => rest.strip_prefix('=').map(str::trim_end),
            "# " => (rest.trim_end() == " is not set").then_some("n"),
            _ => None,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = self.text.len();
        f.debug_struct("Config").field("origin", &self.origin).field("bytes", &len).finish()
    }
}

/// The text in the bytes of a file.
fn text(bytes: &[u8]) -> Result<String, String> {
    let mut plain = Vec::new();
    if bytes.starts_with(&GZIP) {
        let mut decoder = MultiGzDecoder::new(bytes).take(LARGEST + 1);
        let read = decoder.read_to_end(&mut plain);
        read.map_err(|error| format!("its gzip stream is broken ({error})"))?;
    } else {
        plain.extend_from_slice(bytes.get(..LARGEST as usize + 1).unwrap_or(bytes));
    }
    if plain.len() as u64 > LARGEST {
        return Err(format!("it has more than {} MiB", LARGEST >> 20));
    }
    let text = String::from_utf8(plain)
        .map_err(|error| format!("at byte {} it is not text", error.utf8_error().valid_up_to()))?;
    let is_option = |line: &str| line.starts_with("CONFIG_") || line.starts_with("# CONFIG_");
    if !text.lines().any(is_option) {
        return Err("it has no line such as `CONFIG_HZ=250`".to_owned());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};

    use super::{Config, LARGEST};

    const TEXT: &str = "\
# Linux/x86 6.1.0 Kernel Configuration
CONFIG_HZ_250=y
CONFIG_HZ=250
CONFIG_HZ=1000
# CONFIG_COMPILE_TEST is not set
# CONFIG_COMPILE_TEST2 is not set, they say
CONFIG_IPV6=m\r
 CONFIG_INDENTED=y
X_CONFIG_OTHER=y
CONFIG_LOCALVERSION=\"-CONFIG_NAMED=y\"
CONFIG_EMPTY=";

    fn config(text: &str) -> Config {
        Config::parse("test", text.as_bytes()).unwrap()
    }

    fn compressed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn options_are_found_by_their_whole_names() {
        let config = config(TEXT);
        for (name, said) in [
            ("CONFIG_HZ", Some("250")),
            ("CONFIG_HZ_250", Some("y")),
            ("CONFIG_HZ_", None),
            ("CONFIG_COMPILE_TEST", Some("n")),
            ("CONFIG_COMPILE_TEST2", None),
            ("CONFIG_IPV6", Some("m")),
            ("CONFIG_INDENTED", None),
            ("CONFIG_OTHER", None),
            ("CONFIG_NAMED", None),
            ("CONFIG_LOCALVERSION", Some("\"-CONFIG_NAMED=y\"")),
            ("CONFIG_EMPTY", Some("")),
            ("CONFIG", None),
            ("", None),
        ] {
            assert_eq!(config.option(name), said, "{name}");
        }
    }

    #[test]
    fn compressed_is_the_same() {
        let config = Config::parse("test", &compressed(TEXT.as_bytes())).unwrap();
        assert_eq!(config.option("CONFIG_IPV6"), Some("m"));
    }

    #[test]
    fn what_is_no_configuration_is_refused() {
        let refused = |bytes: &[u8]| Config::parse("/boot/x", bytes).unwrap_err().to_string();
        let head = "/boot/x is not a kernel's configuration: ";
        assert_eq!(refused(b""), format!("{head}it has no line such as `CONFIG_HZ=250`"));
        assert_eq!(refused(b"\x7fELF\xff"), format!("{head}at byte 4 it is not text"));
        let mut cut = compressed(TEXT.as_bytes());
        cut.truncate(40);
        assert!(refused(&cut).contains("gzip stream is broken"));
        let bomb = compressed(&vec![b'\n'; LARGEST as usize + 2]);
        assert!(bomb.len() < 20_000);
        assert_eq!(refused(&bomb), format!("{head}it has more than 8 MiB"));
    }
}
