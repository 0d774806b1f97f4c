//! What `osmia run` can be told.

use std::path::PathBuf;
use std::time::Duration;

use crate::compile::CompileOptions;
use crate::kernel_options::KernelOptions;

// The arguments of `osmia run`.
#[derive(clap::Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is an option of its own")]
#[command(
    after_help = "The programs are detached at the end, whatever ends it: Ctrl-C, the duration, or an error.

Of several objects, a program, map or variable that more than one has is written
OBJECT:NAME, where OBJECT is the file's name without its endings.

Examples:
  osmia run closes.bpf.c --set const_u32=12
  osmia run drop.bpf.o --attach drop=veth0 --duration 10s
  osmia run execs.bpf.c --event events=event --json
  osmia run execs.bpf.c closes.o --set closes:only_pid=12 --top"
)]
pub struct RunOptions {
    /// BPF C files, or objects made of them
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Set a global variable or a part of it (limits.least, ports[1]) before loading: JSON of its
    /// type, an address, or text
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    pub set: Vec<(String, String)>,
    /// Attach a program to what its section does not name: an interface (XDP: eth0 or
    /// eth0:generic; tc: eth0:egress), a tracepoint (category/name), a function, a cgroup
    #[arg(long, value_name = "PROGRAM=TARGET", value_parser = pair)]
    pub attach: Vec<(String, String)>,
    /// Do not load this program
    #[arg(long, value_name = "PROGRAM")]
    pub without: Vec<String>,
    /// Leave out programs that cannot be attached, and say so; without it, nothing is attached then
    #[arg(long, short)]
    pub keep_going: bool,
    /// Decode what a ring buffer carries as this C type
    #[arg(long, value_name = "MAP=TYPE", value_parser = pair)]
    pub event: Vec<(String, String)>,
    /// Stop after this long: 500ms, 5s, 2m, 1h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub duration: Option<Duration>,
    /// Show what the programs cost, as `prog top` does: on a terminal in a picture, in whose place
    /// events are counted (q ends the run), else as a table each second
    #[arg(long)]
    pub top: bool,
    /// Do not print the maps at the end
    #[arg(long)]
    pub no_maps: bool,
    /// If the verifier refuses a program, print its whole log
    #[arg(long)]
    pub verifier_log: bool,
    /// What is told of the kernel.
    #[command(flatten)]
    pub kernel: KernelOptions,
    /// How C is compiled.
    #[command(flatten)]
    pub compile: CompileOptions,
}

/// `NAME=VALUE`, taken apart.
///
/// # Errors
/// It is something else.
pub fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("there is no '=' in it")?;
    if name.is_empty() {
        return Err("there is no name in front of the '='".into());
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// A number and a unit; seconds if there is no unit.
///
/// # Errors
/// It is something else.
///
/// # Errors
/// It is none.
pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.get(digits.len()..).unwrap_or_default();
    let millis = match unit {
        "ms" => 1.0,
        "" | "s" => 1e3,
        "m" => 6e4,
        "h" => 3.6e6,
        other => return Err(format!("'{other}' is no unit of time: use ms, s, m or h")),
    };
    let number: f64 = digits.parse().map_err(|_| format!("'{digits}' is no number"))?;
    let seconds = number * millis / 1e3;
    Duration::try_from_secs_f64(seconds).map_err(|_| format!("'{text}' is no time from now on"))
}

/// A time that passes between one look and the next.
///
/// # Errors
/// The text is none, or no time passes.
pub fn interval(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("some time must pass between two looks".to_owned()),
        time => Ok(time),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{duration, pair};

    #[test]
    fn durations() {
        assert_eq!(duration("5s"), Ok(Duration::from_secs(5)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("2"), Ok(Duration::from_secs(2)));
        let long = duration("99999999999999999h").unwrap_err();
        assert_eq!(long, "'99999999999999999h' is no time from now on");
        for wrong in ["", "s", "5x", "-1s", "1e400"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn pairs() {
        assert_eq!(pair("a=b=c"), Ok(("a".into(), "b=c".into())));
        assert!(pair("a").is_err());
        assert!(pair("=a").is_err());
    }
}
