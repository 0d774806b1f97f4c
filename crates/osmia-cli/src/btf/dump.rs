//! `osmia btf dump`: types as C, as records, as JSON.

use clap::{Args, ValueEnum};
use osmia_btf::{Btf, TypeId, c, subset};
use serde::Serialize;

use crate::btf::raw::Record;
use crate::btf::source::{BaseOptions, find};
use crate::failure::Failure;
use crate::output::{Form, Output};
use crate::report::{Page, Report};

/// The arguments of `osmia btf dump`.
#[derive(Args)]
#[command(
    after_help = "SOURCE is a file (BTF, or ELF with a .BTF section), the id of a BTF in the kernel, or the name
of a module; the running kernel if not given.

Examples:
  osmia btf dump > vmlinux.h                       the running kernel's types as C
  osmia btf dump --root task_struct                what one struct needs
  osmia btf dump closes.bpf.o --format raw         an object's records"
)]
pub struct Dump {
    /// Where the types come from
    source: Option<String>,
    /// How to print them: c, raw or json
    #[arg(long, value_enum, default_value_t = Format::C, hide_possible_values = true)]
    format: Format,
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
        let btf = self.base.open(self.source.as_deref())?;
        let wanted = self.wanted(&btf)?;
        match (self.format, output.form()) {
            (Format::C, Form::Text) => Output::raw(header(&btf, &wanted)?.as_bytes()),
            (Format::Json, _) => output.show_json(&Records::of(&btf, &wanted)?),
            // There is no JSON of C: the records are what comes nearest.
            _ => output.show(&Records::of(&btf, &wanted)?),
        }
    }

    /// The wanted types; of a split BTF its own ones if none are named.
    fn wanted(&self, btf: &Btf) -> Result<Wanted, Failure> {
        if self.roots.is_empty() {
            return Ok(if btf.base().is_some() { Wanted::Own } else { Wanted::All });
        }
        let ids = self.roots.iter().map(|root| Ok(find(btf, root)?.id()));
        ids.collect::<Result<_, Failure>>().map(Wanted::Roots)
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
