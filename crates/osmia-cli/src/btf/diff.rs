//! `osmia btf diff`: what became of types.

use clap::Args;
use osmia_btf::Btf;
use osmia_btf::diff::{Fate, TypeDiff, changes, diff};
use serde::Serialize;

use crate::btf::source::BaseOptions;
use crate::failure::Failure;
use crate::output::Output;
use crate::report::{Page, Report};
use crate::type_name::{find, look_up};

// The arguments of `osmia btf diff`.
#[derive(Args)]
#[command(after_help = "Examples:
  osmia btf diff vmlinux-6.1 vmlinux-6.12 iov_iter
  osmia btf diff vmlinux-6.1 vmlinux")]
pub struct Diff {
    /// Where the types come from as they were
    old: String,
    /// Where they come from as they are
    new: String,
    /// Only these types
    types: Vec<String>,
    #[command(flatten)]
    base: BaseOptions,
}

#[derive(Serialize)]
#[serde(transparent)]
struct DiffReport(Vec<Row>);

#[derive(Serialize)]
struct Row {
    kind: String,
    name: String,
    fate: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<String>,
    #[serde(skip)]
    text: String,
}

impl Diff {
    /// Compares the types.
    ///
    /// # Errors
    /// A source cannot be read, or a type is in neither.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let (old, new) = (self.base.open(Some(&self.old))?, self.base.open(Some(&self.new))?);
        let diffs = if self.types.is_empty() {
            diff(&old, &new)?
        } else {
            let each = self.types.iter().map(|ty| of_type(&old, &new, ty));
            each.collect::<Result<Vec<_>, Failure>>()?.into_iter().flatten().collect()
        };
        output.show(&DiffReport(diffs.into_iter().map(Row::of).collect()))
    }
}

/// What became of one type; nothing if it is as it was.
fn of_type(old: &Btf, new: &Btf, written: &str) -> Result<Option<TypeDiff>, Failure> {
    let (ty, fate) = match (look_up(old, written)?, look_up(new, written)?) {
        (Some(before), Some(after)) => match changes(&before, &after)? {
            none if none.is_empty() => return Ok(None),
            changes => (before, Fate::Changed(changes)),
        },
        (Some(before), None) => (before, Fate::Removed),
        (None, Some(after)) => (after, Fate::Added),
        // Says what there is instead.
        (None, None) => return find(new, written).map(|_| None),
    };
    Ok(Some(TypeDiff { kind: ty.kind(), name: ty.name().to_owned(), fate }))
}

impl Row {
    fn of(diff: TypeDiff) -> Self {
        let text = diff.to_string();
        let (fate, changes) = match diff.fate {
            Fate::Added => ("added", Vec::new()),
            Fate::Removed => ("removed", Vec::new()),
            Fate::Changed(changes) => {
                ("changed", changes.iter().map(ToString::to_string).collect())
            }
        };
        Self { kind: diff.kind.to_string(), name: diff.name, fate, changes, text }
    }
}

impl Report for DiffReport {
    fn text(&self, _: &Page) -> String {
        self.0.iter().flat_map(|row| [row.text.as_str(), "\n"]).collect()
    }
}
