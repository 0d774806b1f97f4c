//! `osmia map`: maps of the kernel.

mod count;
mod create;
pub mod data;
mod dump;
mod element;
pub mod entry;
mod event;
mod exchange;
mod filter;
mod follow;
mod list;
pub mod open;
mod parts;
mod printer;
pub mod types;
mod watch;

use clap::{Args, Subcommand};

use crate::failure::Failure;
use crate::map::count::Count;
use crate::map::create::{Create, Freeze, Pin};
use crate::map::dump::Dump;
use crate::map::element::Element;
use crate::map::exchange::{Diff, Export, Import};
use crate::map::follow::Follow;
use crate::map::list::List;
use crate::map::watch::Watch;
use crate::output::Output;

// `osmia map`.
#[derive(Args)]
#[command(
    infer_subcommands = true,
    disable_help_subcommand = true,
    after_help = "MAP is `id N`, `name NAME` or `pinned PATH`; a number, a name or a path alone will do."
)]
pub struct Maps {
    #[command(subcommand)]
    verb: Option<MapVerb>,
}

// The verbs of `osmia map`.
#[derive(Subcommand)]
#[command(defer = true)]
enum MapVerb {
    /// List maps, or show one
    #[command(visible_alias = "show", aliases = ["s", "l", "ls"])]
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
    /// Show elements as they change
    Watch(Watch),
    /// Show the events of a ring buffer or perf array as they come
    #[command(visible_alias = "event_pipe")]
    Follow(Follow),
    /// Write all elements to a file
    Export(Export),
    /// Write the elements of a file to a map
    Import(Import),
    /// Show what differs between two dumps, or a dump and a map
    Diff(Diff),
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

impl Maps {
    /// Does it; without a verb, lists the maps.
    ///
    /// # Errors
    /// There is no such map, or it is not one for that.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        match &self.verb {
            None => List::default().run(output),
            Some(verb) => verb.run(output),
        }
    }
}

impl MapVerb {
    fn run(&self, output: &mut Output) -> Result<(), Failure> {
        match self {
            Self::List(list) => list.run(output),
            Self::Dump(dump) => dump.run(output),
            Self::Lookup(element) => element.lookup(output),
            Self::Update(element) => element.update(output),
            Self::Delete(element) => element.delete(output),
            Self::Getnext(element) => element.next(output),
            Self::Count(count) => count.run(output),
            Self::Watch(watch) => watch.run(output),
            Self::Follow(follow) => follow.run(output),
            Self::Export(export) => export.run(output),
            Self::Import(import) => import.run(output),
            Self::Diff(diff) => diff.run(output),
            Self::Create(create) => create.run(output),
            Self::Pin(pin) => pin.run(output),
            Self::Freeze(freeze) => freeze.run(output),
            Self::Peek(element) => element.peek(output),
            Self::Push(element) => element.push(output),
            Self::Pop(element) => element.pop(output),
        }
    }
}
