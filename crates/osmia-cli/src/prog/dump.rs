//! `osmia prog dump`: a loaded program's instructions or machine code.

use std::path::PathBuf;

use clap::Args;
use osmia_sys::Bpf;

use crate::failure::Failure;
use crate::output::Output;
use crate::prog::code::Code;
use crate::prog::graph::Graph;
use crate::prog::jited::Jited;
use crate::prog::xlated::Xlated;
use crate::select::progs::{self, Prog};
use crate::selector::Selector;
use crate::token;
use crate::words::Words;

// The arguments of `osmia prog dump`.
#[derive(Args)]
#[command(after_help = "Behind PROG may stand, in any order:
  file FILE    write the bytes as they are into a file
  opcodes      show the bytes of each instruction
  linum        show files, lines and columns of C
  visual       the control flow for Graphviz; `visual svg` as a picture

Examples:
  osmia prog dump xlated name drop
  osmia prog dump xlated id 5 linum opcodes
  osmia prog dump xlated id 5 visual svg > drop.svg
  osmia prog dump jited id 5")]
pub struct Dump {
    /// What to dump (xlated or jited), which program, and how
    #[arg(value_name = "xlated|jited PROG", required = true)]
    words: Vec<String>,
}

/// How a dump looks.
#[derive(Debug, Default)]
pub struct Look {
    /// Whether bytes are shown.
    pub opcodes: bool,
    /// Whether files, lines and columns are shown.
    pub linum: bool,
    file: Option<PathBuf>,
    graph: Option<Picture>,
}

/// How a graph is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Picture {
    Dot,
    Svg,
}

impl Dump {
    /// Dumps it.
    ///
    /// # Errors
    /// There is no such program, or the kernel hides its code.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let mut words = Words::new(&self.words);
        let jited = words.keyword(&["xlated", "jited"])? == "jited";
        let selector = Selector::read(&mut words)?;
        let look = Look::read(&mut words)?;
        let bpf = token::bpf()?;
        let chosen = progs::several(&bpf, &selector)?;
        let alone = look.file.is_some() || look.graph.is_some();
        if alone && chosen.len() > 1 {
            let ids: Vec<u32> = chosen.iter().map(|prog| prog.info.id).collect();
            return Err(selector.several("program", &ids));
        }
        for prog in &chosen {
            let code = Code::read(&bpf, prog)?;
            let is_hidden = if jited { code.jited.is_empty() } else { code.xlated.is_empty() };
            if is_hidden {
                return Err(hidden(prog, jited));
            }
            one(&bpf, prog, &code, jited, &look, output)?;
        }
        Ok(())
    }
}

fn one(
    bpf: &Bpf,
    prog: &Prog,
    code: &Code,
    jited: bool,
    look: &Look,
    output: &mut Output,
) -> Result<(), Failure> {
    if let Some(file) = &look.file {
        let bytes = if jited { &code.jited } else { &code.xlated };
        return std::fs::write(file, bytes)
            .map_err(|error| Failure::because(format!("write {}", file.display()), &error));
    }
    match (jited, look.graph) {
        (true, Some(_)) => Err(Failure::usage("machine code has no graph: use xlated")),
        (true, None) => output.show(&Jited::new(code, look)?),
        (false, None) => output.show(&Xlated::new(bpf, prog, code, look)),
        (false, Some(picture)) => {
            let graph = Graph::new(&Xlated::new(bpf, prog, code, look), code);
            let text = if picture == Picture::Dot { graph.dot() } else { graph.svg() };
            Output::raw(text.as_bytes())
        }
    }
}

/// Why there is no code.
fn hidden(prog: &Prog, jited: bool) -> Failure {
    let id = prog.info.id;
    if jited && prog.info.jited_prog_len == 0 {
        return Failure::unsupported(format!(
            "program {id} has no machine code, as it is interpreted: `sysctl -w \
             net.core.bpf_jit_enable=1` lets those that are loaded from now on be compiled"
        ));
    }
    Failure::new(format!(
        "the kernel hides the code of program {id}: kernel.kptr_restrict and CAP_SYS_ADMIN decide \
         who may see addresses"
    ))
}

impl Look {
    fn read(words: &mut Words<'_>) -> Result<Self, Failure> {
        let mut look = Self::default();
        while !words.is_empty() {
            match words.keyword(&["file", "opcodes", "visual", "linum"])? {
                "file" => look.file = Some(words.next("the file's name")?.into()),
                "opcodes" => look.opcodes = true,
                "linum" => look.linum = true,
                _ => {
                    let svg = words.take("svg");
                    if !svg {
                        // It may be said, too.
                        words.take("dot");
                    }
                    look.graph = Some(if svg { Picture::Svg } else { Picture::Dot });
                }
            }
        }
        Ok(look)
    }
}
