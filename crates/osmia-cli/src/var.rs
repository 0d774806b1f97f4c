//! `osmia var`: global variables of loaded programs, by name.

mod arena;
mod find;

use clap::{Args, Subcommand};
use osmia::{Kernel, Variable};
use osmia_btf::c;
use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::failure::Failure;
use crate::near::no_such;
use crate::output::Output;
use crate::report::{Page, Report};
use crate::table::Table;
use crate::value::Value;
use crate::var::find::{Found, find};
use crate::words::Words;
use crate::written::{name_and_path, write};

// The verbs of `osmia var`.
#[derive(Subcommand)]
#[command(
    defer = true,
    infer_subcommands = true,
    disable_help_subcommand = true,
    after_help = "A value is JSON of its type, in which what is not mentioned stays; an address (IPv4, IPv6, MAC)
where the type has its size; or text without quotes, which keeps a byte for its NUL.
Where several objects are loaded, `prog PROG` or `map MAP` at the end says which one is meant.

Examples:
  osmia var list prog name on_close
  osmia var get closes
  osmia var set only_pid 1234
  osmia var set peer.ip 10.0.0.1
  osmia var set limits '{\"least\": 5}' prog id 12    other fields stay"
)]
pub enum VarVerb {
    /// List variables with their values
    List(List),
    /// Show the value of a variable
    Get(Get),
    /// Change the value of a variable, while programs run
    Set(Set),
}

// The arguments of `osmia var list`.
#[derive(Args)]
pub struct List {
    /// Of which program or map
    #[arg(value_name = "prog PROG|map MAP")]
    words: Vec<String>,
}

// The arguments of `osmia var get`.
#[derive(Args)]
pub struct Get {
    /// Which variable; a part behind a dot or in brackets may follow
    name: String,
    /// Of which program or map
    #[arg(value_name = "prog PROG|map MAP")]
    words: Vec<String>,
}

// The arguments of `osmia var set`.
#[derive(Args)]
pub struct Set {
    /// Which variable; a part behind a dot or in brackets may follow
    name: String,
    /// The value, as its type wants it
    #[arg(allow_negative_numbers = true)]
    value: String,
    /// Of which program or map
    #[arg(value_name = "prog PROG|map MAP")]
    words: Vec<String>,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Rows(Vec<Row>);

#[derive(Serialize)]
struct Row {
    name: String,
    #[serde(rename = "type")]
    ty: String,
    value: Json,
    constant: bool,
    map_id: u32,
    map: String,
    #[serde(skip)]
    text: String,
}

#[derive(Serialize)]
#[serde(transparent)]
struct One {
    value: Json,
    #[serde(skip)]
    text: String,
}

impl VarVerb {
    /// Does it.
    ///
    /// # Errors
    /// There is no such variable, or the value does not fit it.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        match self {
            Self::List(list) => list.run(output),
            Self::Get(get) => get.run(output),
            Self::Set(set) => set.run(output),
        }
    }
}

impl List {
    fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let kernel = Kernel::running()?;
        let mut words = Words::new(&self.words);
        let found = find(&kernel, &mut words)?;
        output.show(&Rows(found.iter().map(row).collect::<Result<_, _>>()?))
    }
}

impl Get {
    fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let kernel = Kernel::running()?;
        let mut words = Words::new(&self.words);
        let (found, path) = one(find(&kernel, &mut words)?, &self.name)?;
        let bytes = variable(&found)?.read()?;
        let attempt = || format!("show {}", self.name);
        let (ty, bytes) = match path {
            "" => (found.ty, bytes.as_slice()),
            path => {
                let place = found
                    .btf
                    .member(found.ty, path)
                    .map_err(|error| Failure::because(attempt(), &error))?;
                if place.bitfield.is_some() {
                    return Err(Failure::unsupported(format!(
                        "{}: a field of bits is shown with its struct",
                        attempt()
                    )));
                }
                (place.ty, bytes.get((place.offset.0 / 8) as usize..).unwrap_or_default())
            }
        };
        let value = Value::new(Some(&found.btf), Some(ty), bytes);
        output.show(&One { value: json!(value), text: format!("{}\n", value.text()) })
    }
}

impl Set {
    fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let kernel = Kernel::running()?;
        let mut words = Words::new(&self.words);
        let (found, path) = one(find(&kernel, &mut words)?, &self.name)?;
        let title = c::title(&found.btf, found.ty, "").unwrap_or_default();
        let attempt = || format!("set {} ({title}) to {}", self.name, self.value);
        let variable = variable(&found)?;
        if variable.is_constant() {
            return Err(Failure::unsupported(format!(
                "{}: it is a constant, which the verifier has relied on; `osmia run --set` sets it before loading",
                attempt()
            )));
        }
        let mut bytes = variable.read()?;
        write(&found.btf, found.ty, path, &self.value, &mut bytes)
            .map_err(|why| Failure::usage(format!("{}: {why}", attempt())))?;
        variable.write(&bytes)?;
        output.done()
    }
}

/// The one variable of this name, and the path behind it.
fn one(found: Vec<Found>, written: &str) -> Result<(Found, &str), Failure> {
    let is_name = |name: &str| found.iter().any(|found| found.name == name);
    let (name, path) = name_and_path(written, is_name);
    let names: Vec<String> = found.iter().map(|found| found.name.clone()).collect();
    let mut fit: Vec<Found> = found.into_iter().filter(|found| found.name == name).collect();
    match (fit.pop(), fit.is_empty()) {
        (Some(found), true) => Ok((found, path)),
        (Some(last), false) => {
            let ids = fit.iter().chain([&last]).map(|found| found.map_id.to_string());
            let ids: Vec<String> = ids.collect();
            Err(Failure::new(format!(
                "there are {} variables {name}, in the maps {}: say which with `map id {}` or `prog PROG`",
                ids.len(),
                ids.join(", "),
                last.map_id
            )))
        }
        (None, _) => {
            Err(Failure::not_found(no_such("variable", name, names.iter().map(String::as_str))))
        }
    }
}

fn variable(found: &Found) -> Result<Variable, Failure> {
    Ok(Variable::in_map(&found.map, &found.name, found.offset, found.size)?)
}

fn row(found: &Found) -> Result<Row, Failure> {
    let variable = variable(found)?;
    let bytes = variable.read()?;
    let value = Value::new(Some(&found.btf), Some(found.ty), bytes);
    Ok(Row {
        name: found.name.clone(),
        ty: c::title(&found.btf, found.ty, "").unwrap_or_default(),
        text: value.text(),
        value: json!(value),
        constant: variable.is_constant(),
        map_id: found.map_id,
        map: found.map.name().to_owned(),
    })
}

impl Report for Rows {
    fn text(&self, page: &Page) -> String {
        if self.0.is_empty() {
            return "no variables\n".to_owned();
        }
        let mut table = Table::new(page, &["name", "type", "value", "map", "id"]).numbers(&[4]);
        for row in &self.0 {
            table.row([
                row.name.clone(),
                row.ty.clone(),
                row.text.clone(),
                row.map.clone(),
                row.map_id.to_string(),
            ]);
        }
        table.plain()
    }
}

impl Report for One {
    fn text(&self, _: &Page) -> String {
        self.text.clone()
    }
}
