//! What some programs print to their own standard output and error, followed.

use std::slice;

use osmia_sys::Bpf;
use serde::Serialize;

use crate::failure::Failure;
use crate::prog::stream::Stream;
use crate::report::{Page, Report};
use crate::select::names::Names;
use crate::select::progs::{self, Prog};
use crate::selector::Selector;
use crate::token;
use crate::words::Words;

/// A line that is longer is printed in parts.
const LONGEST: usize = 64 << 10;

/// The streams of the programs that are followed.
///
/// The kernel does not wake those who read them: they are asked again and again.
pub struct Streams {
    bpf: Bpf,
    progs: Vec<Followed>,
}

struct Followed {
    prog: Prog,
    name: String,
    /// By stream, what has been printed of a line that has no end yet.
    begun: [Vec<u8>; Stream::ALL.len()],
}

/// A line that a program printed; the fields of JSON.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    id: u32,
    name: String,
    stream: &'static str,
    /// The line, without its end.
    pub message: String,
}

impl Streams {
    /// The streams of programs that are told by ids, names or paths of pins.
    ///
    /// # Errors
    /// There is no such program.
    pub fn open(programs: &[String]) -> Result<Self, Failure> {
        let bpf = token::bpf()?;
        let (mut followed, mut names) = (Vec::<Followed>::new(), Names::default());
        for program in programs {
            let selector = Selector::read(&mut Words::new(slice::from_ref(program)))?;
            for prog in progs::several(&bpf, &selector)? {
                if followed.iter().any(|known| known.prog.info.id == prog.info.id) {
                    continue;
                }
                let name = names.of(&bpf, &prog);
                followed.push(Followed { prog, name, begun: Default::default() });
            }
        }
        Ok(Self { bpf, progs: followed })
    }

    /// The lines that have come since; with `all`, those that have no end yet, too.
    ///
    /// # Errors
    /// The kernel has no streams, or does not tell.
    pub fn lines(&mut self, all: bool) -> Result<Vec<Line>, Failure> {
        let mut lines = Vec::new();
        for followed in &mut self.progs {
            for (stream, begun) in Stream::ALL.into_iter().zip(&mut followed.begun) {
                begun.extend(stream.take(&self.bpf, &followed.prog)?);
                lines.extend(whole(begun, all).into_iter().map(|message| Line {
                    id: followed.prog.info.id,
                    name: followed.name.clone(),
                    stream: stream.name,
                    message,
                }));
            }
        }
        Ok(lines)
    }
}

/// Takes lines out of what was printed; with `all` what stands behind the last line end, too.
fn whole(text: &mut Vec<u8>, all: bool) -> Vec<String> {
    let end = match text.iter().rposition(|byte| *byte == b'\n') {
        _ if all || text.len() > LONGEST => text.len(),
        Some(last) => last + 1,
        None => 0,
    };
    let lines: Vec<u8> = text.drain(..end).collect();
    String::from_utf8_lossy(&lines).lines().map(str::to_owned).collect()
}

impl Report for Line {
    fn text(&self, _: &Page) -> String {
        let faint = anstyle::Style::new().dimmed();
        let Self { id, name, stream, message } = self;
        format!("{faint}{name}({id}) {stream}{faint:#} {message}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn lines_are_printed_when_they_are_whole() {
        let mut text = b"one\ntwo\nthr".to_vec();
        assert_eq!(whole(&mut text, false), ["one", "two"]);
        assert_eq!(text, b"thr");
        assert_eq!(whole(&mut text, false), [""; 0]);
        text.extend(b"ee\n");
        assert_eq!(whole(&mut text, false), ["three"]);
        text.extend(b"end");
        assert_eq!(whole(&mut text, true), ["end"]);
        assert!(text.is_empty());
    }
}
