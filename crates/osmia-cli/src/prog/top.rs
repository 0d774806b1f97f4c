//! `osmia prog top`: what programs cost, live.

mod sampler;
mod screen;
mod view;

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use clap::Args;
use crossterm::event::{self, Event};
use crossterm::terminal::{self, Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen};
use crossterm::{cursor, execute, queue};
use osmia_abi::StatsType;
use osmia_sys::Errno;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::{Form, Output};
use crate::prog::top::sampler::{Row, Sampler};
use crate::prog::top::view::{Order, Step, View};
use crate::report::{Page, Report};
use crate::run::Signals;
use crate::selector::refused;
use crate::token;

/// How long a key or a signal may wait to be seen.
const PATIENCE: Duration = Duration::from_millis(200);

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
        let bpf = token::bpf()?;
        // The kernel counts as long as this is open.
        let counting = bpf.enable_stats(StatsType::RUN_TIME).map_err(|errno| match errno {
            Errno::INVAL => Failure::unsupported(
                "this kernel cannot be asked to count (since 5.8); `sysctl -w \
                 kernel.bpf_stats_enabled=1` lets older ones",
            ),
            errno => refused("let the kernel count runs of programs", errno),
        })?;
        let mut signals = Signals::catch()?;
        let mut sampler = Sampler::new(&bpf)?;
        let view = View::new(self.sort, self.filter.clone(), self.all);
        let on_screen = output.form() == Form::Text
            && io::stdout().is_terminal()
            && io::stdin().is_terminal()
            && self.count.is_none();
        let ended = if on_screen {
            self.live(&mut sampler, view, &mut signals)
        } else {
            self.lines(&mut sampler, &view, &mut signals, output)
        };
        drop(counting);
        ended
    }

    /// A table, or a line of JSON, each time.
    fn lines(
        &self,
        sampler: &mut Sampler,
        view: &View,
        signals: &mut Signals,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let mut left = self.count;
        while left != Some(0) {
            let end = Instant::now() + self.interval;
            while let Some(rest) = end.checked_duration_since(Instant::now()) {
                if osmia_sys::wait_readable(&*signals, Some(rest)).unwrap_or(false)
                    && signals.ended()
                {
                    return Ok(());
                }
            }
            sampler.sample()?;
            output.show(&Picture { programs: view.chosen(sampler.rows()) })?;
            left = left.map(|left| left - 1);
        }
        Ok(())
    }

    /// A picture that changes in its place.
    fn live(
        &self,
        sampler: &mut Sampler,
        mut view: View,
        signals: &mut Signals,
    ) -> Result<(), Failure> {
        let failed = |error: io::Error| Failure::because("use the terminal", &error);
        let mut stdout = io::stdout();
        let _screen = Screen::enter().map_err(failed)?;
        let mut next = Instant::now() + self.interval;
        draw(&mut stdout, sampler, &view).map_err(failed)?;
        loop {
            let rest = next.saturating_duration_since(Instant::now()).min(PATIENCE);
            let mut changed = false;
            if event::poll(rest).map_err(failed)? {
                let (_, height) = terminal::size().map_err(failed)?;
                match event::read().map_err(failed)? {
                    Event::Key(key) => match view.key(key, usize::from(height)) {
                        Step::Quit => return Ok(()),
                        Step::Go => changed = true,
                    },
                    Event::Resize(..) => changed = true,
                    _ => {}
                }
            }
            if signals.ended() {
                return Ok(());
            }
            if Instant::now() >= next {
                next = Instant::now() + self.interval;
                if !view.holds() {
                    sampler.sample()?;
                    changed = true;
                }
            }
            if changed {
                draw(&mut stdout, sampler, &view).map_err(failed)?;
            }
        }
    }
}

fn draw(stdout: &mut io::Stdout, sampler: &Sampler, view: &View) -> io::Result<()> {
    let (width, height) = terminal::size()?;
    let lines = screen::lines(sampler, view, usize::from(width), usize::from(height));
    queue!(stdout, cursor::MoveTo(0, 0))?;
    for (at, line) in lines.iter().enumerate() {
        if at > 0 {
            stdout.write_all(b"\r\n")?;
        }
        stdout.write_all(line.as_bytes())?;
        queue!(stdout, Clear(ClearType::UntilNewLine))?;
    }
    queue!(stdout, Clear(ClearType::FromCursorDown))?;
    stdout.flush()
}

/// The terminal, taken over; given back when dropped.
struct Screen;

impl Screen {
    fn enter() -> io::Result<Self> {
        terminal::enable_raw_mode()?;
        let screen = Self;
        execute!(io::stdout(), EnterAlternateScreen, cursor::Hide)?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Nothing can be done about a terminal that is gone.
        let _ = execute!(io::stdout(), cursor::Show, LeaveAlternateScreen);
        let _ = terminal::disable_raw_mode();
    }
}

/// What programs cost, at one time.
#[derive(Serialize)]
struct Picture<'a> {
    programs: Vec<&'a Row>,
}

impl Report for Picture<'_> {
    fn text(&self, page: &Page) -> String {
        screen::table(&self.programs, page)
    }
}
