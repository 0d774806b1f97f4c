//! What of the programs is looked at, and what keys do.

use std::cmp::Ordering;

use clap::ValueEnum;
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::prog::top::sampler::Row;

/// What programs are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Order {
    /// Share of a CPU
    Cpu,
    /// Runs a second
    Runs,
    /// Time of a run
    Average,
    /// All the time since it was loaded
    Total,
    /// Name
    Name,
    /// Id
    Id,
}

/// What is looked at.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a key of its own")]
pub struct View {
    /// What programs are sorted by.
    pub order: Order,
    reversed: bool,
    /// What names, types or ids must have in them.
    pub filter: String,
    /// Whether the filter is being written.
    pub writes_filter: bool,
    all: bool,
    holds: bool,
    /// Whether the keys are told.
    pub helps: bool,
    /// How many programs are above the screen.
    pub above: usize,
    /// What else is told in the title.
    pub note: String,
}

/// What comes after a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It goes on.
    Go,
    /// It ends.
    Quit,
}

impl View {
    /// What is looked at first.
    pub fn new(order: Order, filter: String, all: bool) -> Self {
        Self {
            order,
            reversed: false,
            filter,
            writes_filter: false,
            all,
            holds: false,
            helps: false,
            above: 0,
            note: String::new(),
        }
    }

    /// Whether the picture stays as it is.
    pub fn holds(&self) -> bool {
        self.holds
    }

    /// The programs to show, in their order.
    pub fn chosen<'a>(&self, rows: impl Iterator<Item = &'a Row>) -> Vec<&'a Row> {
        let mut rows: Vec<&Row> = rows.filter(|row| self.wants(row)).collect();
        rows.sort_by(|a, b| {
            let order = self.compare(a, b);
            if self.reversed { order.reverse() } else { order }
        });
        rows
    }

    fn wants(&self, row: &Row) -> bool {
        let ran = row.history.iter().any(|share| *share > 0.0);
        let found = row.name.contains(&self.filter)
            || row.ty.contains(&self.filter)
            || row.id.to_string() == self.filter;
        found && (self.all || ran || !self.filter.is_empty())
    }

    /// The most first, names and ids upwards; the id decides where nothing else does.
    fn compare(&self, a: &Row, b: &Row) -> Ordering {
        let most = |a: f64, b: f64| b.total_cmp(&a);
        let order = match self.order {
            Order::Cpu => most(a.cpu_percent, b.cpu_percent),
            Order::Runs => most(a.runs_per_second, b.runs_per_second),
            Order::Average => b.ns_per_run.cmp(&a.ns_per_run),
            Order::Total => b.run_time_ns.cmp(&a.run_time_ns),
            Order::Name => a.name.cmp(&b.name),
            Order::Id => Ordering::Equal,
        };
        order.then(a.id.cmp(&b.id))
    }

    /// Does what a key says; `height` is the screen's.
    pub fn key(&mut self, key: KeyEvent, height: usize) -> Step {
        if key.kind == KeyEventKind::Release {
            return Step::Go;
        }
        if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
            return Step::Quit;
        }
        if self.writes_filter {
            self.write(key.code);
            return Step::Go;
        }
        if self.helps {
            self.helps = false;
            return Step::Go;
        }
        match key.code {
            KeyCode::Char('q') => return Step::Quit,
            KeyCode::Esc if self.filter.is_empty() => return Step::Quit,
            KeyCode::Esc => self.filter.clear(),
            KeyCode::Char('c') => self.sort(Order::Cpu),
            KeyCode::Char('r') => self.sort(Order::Runs),
            KeyCode::Char('a') => self.sort(Order::Average),
            KeyCode::Char('t') => self.sort(Order::Total),
            KeyCode::Char('n') => self.sort(Order::Name),
            KeyCode::Char('i') => self.sort(Order::Id),
            KeyCode::Char('A') => self.all = !self.all,
            KeyCode::Char(' ') => self.holds = !self.holds,
            KeyCode::Char('?' | 'h') => self.helps = true,
            KeyCode::Char('/') => {
                self.writes_filter = true;
                self.filter.clear();
            }
            KeyCode::Down | KeyCode::Char('j') => self.above += 1,
            KeyCode::Up | KeyCode::Char('k') => self.above = self.above.saturating_sub(1),
            KeyCode::PageDown => self.above += height.saturating_sub(4),
            KeyCode::PageUp => self.above = self.above.saturating_sub(height.saturating_sub(4)),
            KeyCode::Home => self.above = 0,
            _ => {}
        }
        Step::Go
    }

    fn write(&mut self, code: KeyCode) {
        match code {
            KeyCode::Enter => self.writes_filter = false,
            KeyCode::Esc => {
                self.writes_filter = false;
                self.filter.clear();
            }
            KeyCode::Backspace => drop(self.filter.pop()),
            KeyCode::Char(letter) => self.filter.push(letter),
            _ => {}
        }
        self.above = 0;
    }

    /// Sorts by this; the other way round if it does so already.
    fn sort(&mut self, order: Order) {
        self.reversed = self.order == order && !self.reversed;
        self.order = order;
        self.above = 0;
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::{Order, Step, View};
    use crate::prog::top::sampler::Row;

    fn row(id: u32, name: &str, cpu_percent: f64) -> Row {
        Row { id, name: name.into(), cpu_percent, history: [cpu_percent].into(), ..Row::default() }
    }

    fn ids(view: &View, rows: &[Row]) -> Vec<u32> {
        view.chosen(rows.iter()).iter().map(|row| row.id).collect()
    }

    fn press(view: &mut View, keys: &str) -> Step {
        keys.chars().fold(Step::Go, |_, key| {
            let code = if key == '\n' { KeyCode::Enter } else { KeyCode::Char(key) };
            view.key(KeyEvent::new(code, KeyModifiers::NONE), 24)
        })
    }

    #[test]
    fn keys_sort_filter_and_quit() {
        let rows = [row(1, "b", 1.0), row(2, "a", 5.0), row(3, "idle", 0.0)];
        let mut view = View::new(Order::Cpu, String::new(), false);
        assert_eq!(ids(&view, &rows), [2, 1]);
        press(&mut view, "c");
        assert_eq!(ids(&view, &rows), [1, 2]);
        press(&mut view, "iA");
        assert_eq!(ids(&view, &rows), [1, 2, 3]);
        press(&mut view, "/id\n");
        assert_eq!(ids(&view, &rows), [3]);
        assert_eq!(press(&mut view, "q"), Step::Quit);
        let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(view.key(ctrl_c, 24), Step::Quit);
    }
}
