//! `osmia btf dump`: types as C, as records, as JSON.

use clap::{Args, ValueEnum};
use osmia_btf::{Btf, TypeId, c, subset};
use serde::Serialize;

use crate::btf::raw::Record;
use crate::btf::source::{BaseOptions, find, of_id};
use crate::failure::Failure;
use crate::output::{Form, Output};
use crate::report::{Page, Report};
use crate::select::{maps, progs};
use crate::selector::Selector;
use crate::token;
use crate::words::Words;

// The arguments of `osmia btf dump`.
#[derive(Args)]
#[command(
    after_help = "SOURCE is a file (BTF, or ELF with a .BTF section), the id of a BTF in the kernel, or the name \
of a module; the running kernel if not given. bpftool's words do as well: id N, prog PROG, \
map MAP [key|value|kv|all], file FILE; and behind them format c|raw and root_id N.

Examples:
  osmia btf dump > vmlinux.h                       the running kernel's types as C
  osmia btf dump --root task_struct                what one struct needs
  osmia btf dump closes.bpf.o --format raw         an object's records
  osmia btf dump map name counts kv format c       what a map's keys and values are"
)]
pub struct Dump {
    /// Where the types come from
    #[arg(value_name = "SOURCE")]
    words: Vec<String>,
    /// How to print them: c, raw or json; c if not given
    #[arg(long, value_enum, hide_possible_values = true)]
    format: Option<Format>,
    /// Only this type, by its name or its id, and what it needs
    #[arg(long = "root", short, value_name = "TYPE")]
    roots: Vec<String>,
    #[command(flatten)]
    base: BaseOptions,
}

/// How types are printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A C header
    C,
    /// Record by record
    Raw,
    /// Record by record, as JSON
    Json,
}

impl Dump {
    /// Prints the types.
    ///
    /// # Errors
    /// The source cannot be read, or a root is not there.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let asked = Asked::read(&self.words, &self.base)?;
        let wanted = self.wanted(&asked)?;
        let btf = asked.btf;
        let format = self.format.or(asked.format).unwrap_or(Format::C);
        match (format, output.form()) {
            (Format::C, Form::Text) => Output::raw(header(&btf, &wanted)?.as_bytes()),
            (Format::Json, _) => output.show_json(&Records::of(&btf, &wanted)?),
            // There is no JSON of C: the records are what comes nearest.
            _ => output.show(&Records::of(&btf, &wanted)?),
        }
    }

    /// The wanted types; of a split BTF its own ones if none are named.
    fn wanted(&self, asked: &Asked) -> Result<Wanted, Failure> {
        let btf = &asked.btf;
        let mut roots = asked.roots.clone();
        for root in &self.roots {
            roots.push(find(btf, root)?.id());
        }
        Ok(match (roots.is_empty(), btf.base()) {
            (false, _) => Wanted::Roots(roots),
            (true, Some(_)) => Wanted::Own,
            (true, None) => Wanted::All,
        })
    }
}

/// What the words ask for.
struct Asked {
    btf: Btf,
    roots: Vec<TypeId>,
    format: Option<Format>,
}

impl Asked {
    fn read(words: &[String], base: &BaseOptions) -> Result<Self, Failure> {
        let mut words = Words::new(words);
        let (btf, roots) = source(&mut words, base)?;
        let mut asked = Self { btf, roots, format: None };
        while !words.is_empty() {
            match words.keyword(&["format", "root_id"])? {
                "format" => {
                    asked.format = Some(match words.keyword(&["c", "raw", "json"])? {
                        "c" => Format::C,
                        "raw" => Format::Raw,
                        _ => Format::Json,
                    });
                    // The order is always that of need.
                    let _ = asked.format == Some(Format::C) && words.take("unsorted");
                }
                _ => asked.roots.push(find(&asked.btf, words.next("the id of a type")?)?.id()),
            }
        }
        Ok(asked)
    }
}

/// The types that the first words name, and which of them if not all.
fn source(words: &mut Words<'_>, base: &BaseOptions) -> Result<(Btf, Vec<TypeId>), Failure> {
    let bpf = token::bpf()?;
    let untyped = |noun| {
        Failure::not_found(format!(
            "no types are known of this {noun}: its object was compiled without -g"
        ))
    };
    let Some(first) = words.peek().filter(|first| !["format", "root_id"].contains(first)) else {
        return Ok((base.open(None)?, Vec::new()));
    };
    let first = if ["id", "prog", "map", "file"].contains(&first) { words.next("")? } else { "" };
    match first {
        "id" => Ok((base.open(Some(&words.number("the id")?.to_string()))?, Vec::new())),
        "prog" => match progs::one(&bpf, &Selector::read(words)?)?.info.btf_id {
            0 => Err(untyped("program")),
            id => Ok((of_id(id)?, Vec::new())),
        },
        "map" => {
            let info = maps::one(&bpf, &Selector::read(words)?)?.info;
            let (key, value) = (info.btf_key_type_id, info.btf_value_type_id);
            let roots = match words.peek() {
                Some("all") => vec![],
                Some("key") => vec![key],
                Some("value") => vec![value],
                _ => vec![key, value],
            };
            if words.peek().is_some_and(|word| ["all", "key", "value", "kv"].contains(&word)) {
                words.next("")?;
            }
            match info.btf_id {
                0 => Err(untyped("map")),
                // Some maps have no type of their keys: those of variables.
                id => {
                    Ok((of_id(id)?, roots.into_iter().filter(|id| *id != 0).map(TypeId).collect()))
                }
            }
        }
        _ => Ok((base.open(Some(words.next("where the types come from")?))?, Vec::new())),
    }
}

/// Which types are printed.
enum Wanted {
    All,
    /// Those that a split BTF adds to its base.
    Own,
    /// These, and what they need.
    Roots(Vec<TypeId>),
}

fn header(btf: &Btf, wanted: &Wanted) -> Result<String, Failure> {
    let printer = c::Printer::new(btf);
    let printer = match wanted {
        Wanted::All => printer,
        Wanted::Own => printer.roots((btf.first_own_id().0..btf.type_count()?).map(TypeId)),
        Wanted::Roots(roots) => printer.roots(roots.iter().copied()),
    };
    let mut text = String::new();
    printer.write(&mut text)?;
    Ok(text)
}

/// Records of a BTF.
#[derive(Serialize)]
struct Records<'a> {
    types: Vec<Record>,
    #[serde(skip)]
    btf: &'a Btf,
}

impl<'a> Records<'a> {
    fn of(btf: &'a Btf, wanted: &Wanted) -> Result<Self, Failure> {
        let types = match wanted {
            Wanted::All => btf.types()?.map(|ty| Record::of(&ty?)).collect::<Result<_, _>>()?,
            Wanted::Own => btf.own_types()?.map(|ty| Record::of(&ty?)).collect::<Result<_, _>>()?,
            Wanted::Roots(roots) => {
                let needed = subset(btf, roots.iter().copied())?;
                let ids = (1..btf.type_count()?).map(TypeId);
                let ids = ids.filter(|&id| needed.id(id).is_some());
                ids.map(|id| Record::of(&btf.ty(id)?)).collect::<Result<_, _>>()?
            }
        };
        Ok(Self { types, btf })
    }
}

impl Report for Records<'_> {
    fn text(&self, _: &Page) -> String {
        self.types.iter().map(|record| record.text(self.btf)).collect()
    }
}
