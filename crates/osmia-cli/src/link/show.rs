//! `osmia link show`: which links there are.

use std::collections::HashMap;

use clap::Args;
use osmia_sys::{Bpf, FdKind};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::holders::{self, Holder, Holders};
use crate::link::place;
use crate::output::Output;
use crate::pins::Pins;
use crate::report::{Page, Report};
use crate::select::links::{self, OpenLink};
use crate::select::names::Names;
use crate::select::progs::Prog;
use crate::selector::{Selector, refused};
use crate::symbols::Symbols;
use crate::table::{Column, fitted};
use crate::token;

// The arguments of `osmia link show`.
#[derive(Args)]
#[command(after_help = "Examples:
  osmia link list
  osmia link show id 5 --json
  osmia link list -f                  with the paths where links are pinned")]
pub struct Show {
    /// Which link; all if not given
    #[arg(value_name = "LINK")]
    which: Vec<String>,
}

impl Show {
    /// All links.
    pub fn all() -> Self {
        Self { which: Vec::new() }
    }

    /// Shows them.
    ///
    /// # Errors
    /// There is no such link, or the kernel does not tell.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let bpf = token::bpf()?;
        let selector = Selector::optional(&self.which)?;
        let chosen = match &selector {
            None => links::all(&bpf)?,
            Some(selector) => vec![links::one(&bpf, selector)?],
        };
        let pins = output.shows_pins() || selector.is_some();
        let mut asker = Asker::new(&bpf, pins);
        let rows: Result<Vec<Row>, Failure> = chosen.iter().map(|link| asker.row(link)).collect();
        let list = List { rows: rows? };
        match (list.rows.as_slice(), selector) {
            ([_], Some(_)) => output.show(&One(list)),
            _ => output.show(&list),
        }
    }
}

struct Asker {
    bpf: Bpf,
    holders: Holders,
    pins: Option<Pins>,
    symbols: Option<Symbols>,
    programs: HashMap<u32, Program>,
    names: Names,
}

#[derive(Clone, Default)]
struct Program {
    name: String,
    ty: String,
}

impl Asker {
    fn new(bpf: &Bpf, pins: bool) -> Self {
        Self {
            bpf: bpf.clone(),
            holders: Holders::find(bpf, FdKind::Link),
            pins: pins.then(|| Pins::find(bpf)),
            symbols: None,
            programs: HashMap::new(),
            names: Names::default(),
        }
    }

    fn row(&mut self, link: &OpenLink) -> Result<Row, Failure> {
        let info = &link.info;
        let place = place::of(&self.bpf, link, &mut self.symbols)
            .map_err(|errno| refused(format!("ask about link {}", info.id), errno))?;
        let program = self.program(info.prog_id);
        let pinned = self.pins.as_ref().map_or(&[][..], |pins| pins.of(FdKind::Link, info.id));
        let mut fields = place.fields;
        if info.type_ == osmia_abi::LinkType::TRACING {
            fields.shift_insert(0, "prog_type".into(), program.ty.clone().into());
        }
        Ok(Row {
            id: info.id,
            link_type: info.type_.name().map_or(info.type_.0.into(), Into::into),
            prog_id: info.prog_id,
            fields,
            pinned: pinned.iter().map(|path| path.display().to_string()).collect(),
            pids: self.holders.of(info.id).to_vec(),
            program: program.name,
            place: place.text,
        })
    }

    /// The name and type of a program; empty if it is gone.
    fn program(&mut self, id: u32) -> Program {
        let Self { bpf, names, .. } = self;
        let mut ask = || {
            let prog = Prog::ask(bpf, bpf.prog_by_id(id).ok()?).ok()?;
            let ty = prog.info.type_;
            let ty = ty.name().map_or_else(|| ty.0.to_string(), str::to_owned);
            Some(Program { name: names.of(bpf, &prog), ty })
        };
        self.programs.entry(id).or_insert_with(|| ask().unwrap_or_default()).clone()
    }
}

/// A link, under the names that bpftool has in its JSON.
#[derive(Serialize)]
struct Row {
    id: u32,
    #[serde(rename = "type")]
    link_type: Value,
    prog_id: u32,
    #[serde(flatten)]
    fields: Map<String, Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pinned: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pids: Vec<Holder>,
    #[serde(skip)]
    program: String,
    #[serde(skip)]
    place: String,
}

#[derive(Serialize)]
#[serde(transparent)]
struct List {
    rows: Vec<Row>,
}

/// What a table of links tells, and what it does without on narrow pages.
const COLUMNS: [Column; 7] = [
    Column::number("id", 0),
    Column::text("type", 3),
    Column::number("prog", 2),
    Column::text("name", 0),
    Column::text("attached to", 0),
    Column::text("held by", 1),
    Column::text("pinned", 1),
];

impl Report for List {
    fn text(&self, page: &Page) -> String {
        if self.rows.is_empty() {
            return "no links\n".to_owned();
        }
        let row = |row: &Row| {
            let ty = row.link_type.as_str().map_or_else(|| row.link_type.to_string(), Into::into);
            vec![
                row.id.to_string(),
                ty,
                row.prog_id.to_string(),
                row.program.clone(),
                row.place.clone(),
                holders::text(&row.pids),
                row.pinned.join(" "),
            ]
        };
        let rows: Vec<Vec<String>> = self.rows.iter().map(row).collect();
        fitted(page, &COLUMNS, &rows).plain()
    }
}

/// One link, which is no list in JSON.
struct One(List);

impl Serialize for One {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.rows.first() {
            Some(row) => row.serialize(serializer),
            None => self.0.serialize(serializer),
        }
    }
}

impl Report for One {
    fn text(&self, page: &Page) -> String {
        let mut text = self.0.text(page);
        let functions = self.0.rows.iter().filter_map(|row| row.fields.get("funcs"));
        for function in functions.filter_map(Value::as_array).flatten() {
            let name = function.get("func").and_then(Value::as_str);
            let place = name.map(str::to_owned).or_else(|| {
                Some(format!("+{:#x}", function.get("offset").and_then(Value::as_u64)?))
            });
            text.extend(["  ", &place.unwrap_or_default(), "\n"]);
        }
        text
    }
}
