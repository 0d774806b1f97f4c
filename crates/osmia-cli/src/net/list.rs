//! `osmia net list`: programs on interfaces.

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use crate::failure::Failure;
use crate::net::hooks::{Hook, Point, Scan};
use crate::output::Output;
use crate::report::{Page, Report};
use crate::table::Table;
use crate::words::Words;

// The arguments of `osmia net list`.
#[derive(Args, Default)]
#[command(after_help = "Examples:
  osmia net list
  osmia net list dev eth0
  osmia net list --netns blue     in the namespace of `ip netns add blue`")]
pub struct List {
    /// Only one interface: `dev eth0`
    #[arg(value_name = "dev NAME")]
    words: Vec<String>,
}

/// The programs, under the names that bpftool has in its JSON.
#[derive(Serialize)]
#[serde(transparent)]
struct ListReport([Groups; 1]);

#[derive(Serialize)]
struct Groups {
    xdp: Vec<Value>,
    tc: Vec<Value>,
    flow_dissector: Vec<Value>,
    netfilter: Vec<Value>,
    sk_lookup: Vec<Value>,
    #[serde(skip)]
    hooks: Vec<Hook>,
}

impl List {
    /// Lists them.
    ///
    /// # Errors
    /// There is no such interface, or the kernel does not tell.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let mut words = Words::new(&self.words);
        let only = match words.is_empty() {
            true => None,
            false => {
                words.take("dev");
                Some(words.next("the interface")?)
            }
        };
        words.end()?;
        let mut scan = Scan::new()?;
        let mut hooks = Vec::new();
        for interface in scan.interfaces(only)? {
            hooks.extend(scan.interface(&interface)?);
        }
        if only.is_none() {
            hooks.extend(scan.namespace()?);
        }
        output.show(&ListReport([Groups::new(hooks)]))
    }
}

impl Groups {
    fn new(hooks: Vec<Hook>) -> Self {
        let of = |wanted: fn(&Point) -> bool| {
            hooks.iter().filter(|hook| wanted(&hook.point)).map(Hook::json).collect()
        };
        Self {
            xdp: of(|point| matches!(point, Point::Xdp(_))),
            tc: of(|point| matches!(point, Point::Multi(_) | Point::Classifier(_))),
            flow_dissector: of(|point| matches!(point, Point::Namespace("flow_dissector"))),
            netfilter: of(|point| matches!(point, Point::Netfilter(..))),
            sk_lookup: of(|point| matches!(point, Point::Namespace("sk_lookup"))),
            hooks,
        }
    }
}

impl Report for ListReport {
    fn text(&self, page: &Page) -> String {
        let [groups] = &self.0;
        table(page, &groups.hooks)
    }
}

/// Hooks for people.
pub fn table(page: &Page, hooks: &[Hook]) -> String {
    if hooks.is_empty() {
        return "no programs\n".to_owned();
    }
    let mut table =
        Table::new(page, &["interface", "place", "program", "name", "link"]).numbers(&[2, 4]);
    let number = |id: Option<u32>| id.map_or_else(String::new, |id| id.to_string());
    for hook in hooks {
        table.row([
            hook.device.as_ref().map_or_else(|| "(all)".to_owned(), |(_, name)| name.clone()),
            hook.point.text(),
            number(hook.prog),
            hook.name.clone(),
            number(hook.link),
        ]);
    }
    table.plain()
}
