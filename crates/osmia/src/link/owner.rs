//! Which process has made what the kernel keeps when the process is gone.

use std::fmt;

use crate::kernel::files::Files;

/// A process, told from a later one of the same number by when it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    /// Its number, in its own namespace.
    pub(crate) process: u32,
    /// In clock ticks since the machine was started; 0 if procfs did not say.
    began: u64,
}

impl Owner {
    /// This process.
    pub(crate) fn this(files: &Files) -> Self {
        let stat = files.read("/proc/self/stat").unwrap_or_default();
        let began = State::parse(&stat).map_or(0, |state| state.began);
        Self { process: std::process::id(), began }
    }

    /// Reads what `Display` wrote.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (process, began) = text.split_once('_')?;
        Some(Self { process: process.parse().ok()?, began: began.parse().ok()? })
    }

    /// Whether it still runs. One of another PID namespace may have another number here.
    pub(crate) fn lives(self, files: &Files) -> bool {
        let is_it = |process: &str| {
            let stat = files.read(&format!("/proc/{process}/stat")).unwrap_or_default();
            State::parse(&stat)
                .is_some_and(|state| state.runs && (state.began == self.began || self.began == 0))
        };
        if is_it(&self.process.to_string()) {
            return true;
        }
        let is_number = |name: &String| name.bytes().all(|byte| byte.is_ascii_digit());
        self.began != 0
            && Files::names(&files.path("/proc"))
                .iter()
                .filter(|name| is_number(name))
                .any(|name| is_it(name))
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.process, self.began)
    }
}

/// What procfs says of a process.
struct State {
    runs: bool,
    began: u64,
}

impl State {
    fn parse(stat: &str) -> Option<Self> {
        // A name may have anything in it.
        let (_, behind) = stat.rsplit_once(')')?;
        let mut words = behind.split_ascii_whitespace();
        let state = words.next()?;
        let threads: u32 = words.nth(16)?.parse().ok()?;
        let began = words.nth(1)?.parse().ok()?;
        // The first thread of a process may be over before the others are.
        Some(Self { runs: !matches!(state, "Z" | "X") || threads > 1, began })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Owner, State};
    use crate::kernel::files::Files;

    fn stat(state: &str, threads: u32, began: u64) -> String {
        format!(
            "7 (a b) c) {state} 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 {threads} 0 {began} 1 1\n"
        )
    }

    #[test]
    fn states_are_read() {
        let state = State::parse(&stat("S", 1, 99)).unwrap();
        assert_eq!((state.runs, state.began), (true, 99));
        assert!(!State::parse(&stat("Z", 1, 99)).unwrap().runs);
        assert!(State::parse(&stat("Z", 2, 99)).unwrap().runs, "others of its threads run");
        for wrong in ["", "7 (a", "7 (a) S 1 2", "7 (a) S 1 7 7 0 -1 4 1 0 0 0 0 0 0 0 20 0 x 0 9"]
        {
            assert!(State::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn the_dead_are_told_from_those_who_have_their_numbers() {
        let root = tempfile::tempdir().unwrap();
        let say = |process: u32, text: &str| {
            let at = root.path().join(format!("proc/{process}"));
            fs::create_dir_all(&at).unwrap();
            fs::write(at.join("stat"), text).unwrap();
        };
        say(7, &stat("S", 1, 99));
        say(8, &stat("Z", 1, 100));
        let files = Files::new(root.path().to_owned());
        let lives = |text: &str| Owner::parse(text).unwrap().lives(&files);
        assert!(lives("7_99"));
        assert!(!lives("7_98"), "another process has its number");
        assert!(!lives("8_100"), "nobody has waited for it");
        assert!(lives("1_99"), "it has number 1 in another namespace");
        assert!(lives("7_0") && !lives("9_0"));
        assert_eq!(Owner::parse("7_99").unwrap().to_string(), "7_99");
        for wrong in ["", "7", "_", "7_", "7_9_9", "a_1"] {
            assert_eq!(Owner::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn this_process_lives() {
        let files = Files::default();
        let this = Owner::this(&files);
        assert!(this.began != 0 && this.lives(&files), "{this}");
    }
}
