//! `osmia prog top`: what programs cost, live.

pub mod live;
pub mod picture;
mod sampler;
mod screen;
pub mod view;

use std::time::Duration;

use clap::Args;

use crate::failure::Failure;
use crate::output::Output;
use crate::prog::top::live::{Live, can_have_screen};
use crate::prog::top::view::{Order, Step, View};
use crate::run::Signals;
use crate::token;

// The arguments of `osmia prog top`.
#[derive(Args)]
#[command(
    after_help = "While it runs, the kernel counts runs and time, which costs programs a little \
(some 20 ns a run).

Keys: c r a t n i sort by CPU share, runs, time a run, all the time, name, id; \
the same key again turns the order round; / filters by name, type or id;
arrows and page keys scroll; space holds; ? tells; q quits.

Examples:
  osmia prog top
  osmia prog top --count 1 --interval 5s     one table of five seconds
  osmia -j prog top | jq .                   a line of JSON each second"
)]
pub struct Top {
    /// How long to count for each picture
    #[arg(long, short, value_name = "TIME", default_value = "1s", value_parser = crate::run::options::interval)]
    interval: Duration,
    /// End after so many pictures
    #[arg(long, short = 'n', value_name = "N")]
    count: Option<u64>,
    /// What to sort by: cpu, runs, average, total, name or id
    #[arg(long, short, value_enum, default_value_t = Order::Cpu, hide_possible_values = true)]
    sort: Order,
    /// Only programs with this in their name or type
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    filter: String,
    /// Show programs that do not run as well
    #[arg(long, short)]
    all: bool,
}

impl Top {
    /// Watches until it is ended.
    ///
    /// # Errors
    /// The kernel does not count (it takes `CAP_SYS_ADMIN`), or the terminal cannot be used.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let mut signals = Signals::catch()?;
        let view = View::new(self.sort, self.filter.clone(), self.all);
        let mut live = Live::new(&token::bpf()?, view, self.interval)?;
        if can_have_screen(output) && self.count.is_none() {
            live.enter()?;
        }
        let mut left = self.count;
        while left != Some(0) && !signals.ended() {
            if live.has_screen() {
                live.wait()?;
            } else {
                // A signal ends the wait, and the loop with it.
                let _ = osmia_sys::wait_readable(&signals, Some(live.rest()));
            }
            let mut shown = false;
            let step = live.turn("", |picture| {
                shown = true;
                output.show(&picture)
            })?;
            if step == Step::Quit {
                break;
            }
            left = left.map(|left| left - u64::from(shown));
        }
        Ok(())
    }
}
