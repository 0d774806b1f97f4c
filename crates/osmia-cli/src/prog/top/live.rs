//! What programs cost, in a picture that changes in its place, or as a table from time to time.

use std::io::{self, IsTerminal as _, Write as _};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use crossterm::event::{self, Event};
use crossterm::terminal::{self, Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen};
use crossterm::{cursor, execute, queue};
use osmia_abi::StatsType;
use osmia_sys::{Bpf, Errno};

use crate::failure::Failure;
use crate::output::{Form, Output};
use crate::prog::top::picture::Picture;
use crate::prog::top::sampler::Sampler;
use crate::prog::top::screen;
use crate::prog::top::view::{Order, Step, View};
use crate::selector::refused;

/// How long a key or a signal may wait to be seen.
const PATIENCE: Duration = Duration::from_millis(200);

/// The time from one picture to the next of programs that are run.
const INTERVAL: Duration = Duration::from_secs(1);

/// A view of programs.
pub struct Live {
    sampler: Sampler,
    view: View,
    interval: Duration,
    next: Instant,
    /// The terminal, if there is one that can be used.
    screen: Option<Screen>,
    /// The kernel counts as long as this is open.
    _counting: OwnedFd,
}

impl Live {
    /// A view of all programs.
    ///
    /// # Errors
    /// The kernel does not count (it takes `CAP_SYS_ADMIN`).
    pub fn new(bpf: &Bpf, view: View, interval: Duration) -> Result<Self, Failure> {
        Self::open(bpf, Sampler::new, view, interval)
    }

    /// A view of these programs, on the terminal if the output is one.
    ///
    /// # Errors
    /// As for [`Live::new`], or the terminal cannot be used.
    pub fn of_programs(bpf: &Bpf, ids: Vec<u32>, output: &Output) -> Result<Self, Failure> {
        let view = View::new(Order::Cpu, String::new(), true);
        let mut live = Self::open(bpf, |bpf| Sampler::of(bpf, ids), view, INTERVAL)?;
        if can_have_screen(output) {
            live.enter()?;
        }
        Ok(live)
    }

    fn open(
        bpf: &Bpf,
        sampler: impl FnOnce(&Bpf) -> Result<Sampler, Failure>,
        view: View,
        interval: Duration,
    ) -> Result<Self, Failure> {
        let counting = bpf.enable_stats(StatsType::RUN_TIME).map_err(|errno| match errno {
            Errno::INVAL => Failure::unsupported(
                "this kernel cannot be asked to count (since 5.8); `sysctl -w \
                 kernel.bpf_stats_enabled=1` lets older ones",
            ),
            errno => refused("let the kernel count runs of programs", errno),
        })?;
        let (sampler, next) = (sampler(bpf)?, Instant::now() + interval);
        Ok(Self { sampler, view, interval, next, screen: None, _counting: counting })
    }

    /// Takes the terminal.
    ///
    /// # Errors
    /// It cannot be used.
    pub fn enter(&mut self) -> Result<(), Failure> {
        self.screen = Some(Screen::enter().map_err(|error| failed(&error))?);
        self.draw()
    }

    /// Whether it has the terminal.
    pub fn has_screen(&self) -> bool {
        self.screen.is_some()
    }

    /// How long it may be left alone.
    pub fn rest(&self) -> Duration {
        let rest = self.next.saturating_duration_since(Instant::now());
        if self.has_screen() { rest.min(PATIENCE) } else { rest }
    }

    /// The same, or until a key comes.
    ///
    /// # Errors
    /// The terminal cannot be read.
    pub fn wait(&self) -> Result<(), Failure> {
        event::poll(self.rest()).map(drop).map_err(|error| failed(&error))
    }

    /// Does what keys say, and looks again if it is time. `note` is told beside the figures.
    ///
    /// # Errors
    /// The kernel does not tell, or the picture cannot be drawn.
    pub fn turn(
        &mut self,
        note: &str,
        show: impl FnOnce(Picture<'_>) -> Result<(), Failure>,
    ) -> Result<Step, Failure> {
        let mut changed = false;
        while self.has_screen() && event::poll(Duration::ZERO).map_err(|error| failed(&error))? {
            let (_, height) = terminal::size().map_err(|error| failed(&error))?;
            match event::read().map_err(|error| failed(&error))? {
                Event::Key(key) => match self.view.key(key, usize::from(height)) {
                    Step::Quit => return Ok(Step::Quit),
                    Step::Go => changed = true,
                },
                Event::Resize(..) => changed = true,
                _ => {}
            }
        }
        let now = Instant::now();
        if now >= self.next {
            self.next = now + self.interval;
            if !self.view.holds() {
                self.sampler.sample()?;
                changed = true;
                if !self.has_screen() {
                    show(Picture { programs: self.view.chosen(self.sampler.rows()) })?;
                }
            }
        }
        if changed && self.has_screen() {
            note.clone_into(&mut self.view.note);
            self.draw()?;
        }
        Ok(Step::Go)
    }

    fn draw(&self) -> Result<(), Failure> {
        draw(&mut io::stdout(), &self.sampler, &self.view).map_err(|error| failed(&error))
    }
}

/// Whether a picture can change in its place: people look at it, and can press keys.
pub fn can_have_screen(output: &Output) -> bool {
    output.form() == Form::Text && io::stdout().is_terminal() && io::stdin().is_terminal()
}

fn failed(error: &io::Error) -> Failure {
    Failure::because("use the terminal", error)
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
