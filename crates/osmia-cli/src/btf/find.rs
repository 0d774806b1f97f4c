//! `osmia btf find`: types by a pattern.

use clap::Args;
use glob::Pattern;
use osmia_btf::{Kind, Type, c};
use serde::Serialize;

use crate::btf::source::BaseOptions;
use crate::failure::Failure;
use crate::output::Output;
use crate::report::{Page, Report};
use crate::table::Table;

// The arguments of `osmia btf find`.
#[derive(Args)]
#[command(after_help = "Examples:
  osmia btf find '*iov_iter'
  osmia btf find 'tcp_*' --kind func        functions with their prototypes")]
pub struct Find {
    /// The name, with * and ? for what is not known; what has a part of that name if there are none
    pattern: String,
    /// Where the types come from
    source: Option<String>,
    /// Only types of this kind: struct, union, enum, typedef, func, var, ...
    #[arg(long, short, value_name = "KIND")]
    kind: Option<String>,
    #[command(flatten)]
    base: BaseOptions,
}

#[derive(Serialize)]
#[serde(transparent)]
struct FindReport(Vec<Row>);

#[derive(Serialize)]
struct Row {
    id: u32,
    kind: String,
    name: String,
    size: Option<u32>,
    declaration: String,
}

impl Find {
    /// Finds the types.
    ///
    /// # Errors
    /// The source cannot be read, the pattern is none, or nothing fits it.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let has_wildcards = self.pattern.contains(['*', '?', '[']);
        let written =
            if has_wildcards { self.pattern.clone() } else { format!("*{}*", self.pattern) };
        let pattern = Pattern::new(&written)
            .map_err(|error| Failure::usage(format!("the pattern {}: {error}", self.pattern)))?;
        let btf = self.base.open(self.source.as_deref())?;
        let mut rows = Vec::new();
        for ty in btf.own_types()? {
            let ty = ty?;
            if !ty.name().is_empty() && self.is_wanted(ty.kind()) && pattern.matches(ty.name()) {
                rows.push(row(&ty)?);
            }
        }
        if rows.is_empty() {
            let kind = self.kind.as_deref().unwrap_or("type");
            return Err(Failure::new(format!("there is no {kind} that fits {}", self.pattern)));
        }
        output.show(&FindReport(rows))
    }

    fn is_wanted(&self, kind: Kind) -> bool {
        let Some(wanted) = &self.kind else { return true };
        let name = kind.name();
        // Enums of 64 bits are enums.
        name.eq_ignore_ascii_case(wanted)
            || (kind == Kind::Enum64 && wanted.eq_ignore_ascii_case("enum"))
    }
}

fn row(ty: &Type<'_>) -> Result<Row, Failure> {
    let declaration = match (ty.kind(), ty.target()) {
        (Kind::Typedef, Some(target)) => {
            format!("typedef {}", c::title(ty.btf(), target, ty.name())?)
        }
        (Kind::DeclTag | Kind::TypeTag | Kind::DataSec, _) => ty.name().to_owned(),
        _ => c::title(ty.btf(), ty.id(), "")?,
    };
    Ok(Row {
        id: ty.id().0,
        kind: ty.kind().to_string(),
        name: ty.name().to_owned(),
        size: ty.own_size(),
        declaration,
    })
}

impl Report for FindReport {
    fn text(&self, page: &Page) -> String {
        let mut table = Table::new(page, &["id", "size", "declaration"]).numbers(&[0, 1]);
        for row in &self.0 {
            let size = row.size.map_or_else(String::new, |size| size.to_string());
            table.row([row.id.to_string(), size, row.declaration.clone()]);
        }
        table.plain()
    }
}
