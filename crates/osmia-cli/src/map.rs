//! `osmia map`: maps of the kernel.

mod count;
mod create;
mod data;
mod dump;
mod element;
pub mod entry;
mod filter;
mod list;
pub mod open;
mod parts;
mod printer;
pub mod types;

use clap::Subcommand;

use crate::failure::Failure;
use crate::map::count::Count;
use crate::map::create::{Create, Freeze, Pin};
use crate::map::dump::Dump;
use crate::map::element::Element;
use crate::map::list::List;
use crate::output::Output;

/// The verbs of `osmia map`.
#[derive(Subcommand)]
#[command(
    infer_subcommands = true,
    disable_help_subcommand = true,
    after_help = "MAP is `id 12`, `name counts` or `pinned /sys/fs/bpf/counts`."
)]
pub enum MapVerb {
    /// List maps, or show one
    #[command(visible_alias = "show")]
    List(List),
    /// Show all elements of a map
    Dump(Dump),
    /// Show the value of a key
    Lookup(Element),
    /// Write the value of a key
    Update(Element),
    /// Delete a key
    Delete(Element),
    /// Show the key after a key, or the first one
    Getnext(Element),
    /// Count the elements
    Count(Count),
    /// Make a map and pin it
    Create(Create),
    /// Pin a map
    Pin(Pin),
    /// Let nobody change a map any more but programs
    Freeze(Freeze),
    /// Show the next element of a queue or stack
    Peek(Element),
    /// Put an element into a stack, queue or bloom filter
    #[command(visible_alias = "enqueue")]
    Push(Element),
    /// Take the next element out of a stack or queue
    #[command(visible_alias = "dequeue")]
    Pop(Element),
}

impl MapVerb {
    /// Does it.
    ///
    /// # Errors
    /// There is no such map, or it is not one for that.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        match self {
            Self::List(list) => list.run(output),
            Self::Dump(dump) => dump.run(output),
            Self::Lookup(element) => element.lookup(output),
            Self::Update(element) => element.update(output),
            Self::Delete(element) => element.delete(output),
            Self::Getnext(element) => element.next(output),
            Self::Count(count) => count.run(output),
            Self::Create(create) => create.run(output),
            Self::Pin(pin) => pin.run(output),
            Self::Freeze(freeze) => freeze.run(output),
            Self::Peek(element) => element.peek(output),
            Self::Push(element) => element.push(output),
            Self::Pop(element) => element.pop(output),
        }
    }
}
