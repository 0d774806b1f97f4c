//! How programs and their costs look.

use std::time::Duration;

use anstyle::{AnsiColor, Style};

use crate::moment::precise;
use crate::prog::top::sampler::{Row, Sampler};
use crate::prog::top::view::{Order, View};
use crate::report::Page;
use crate::table::Table;

const HEAD: Style = Style::new().invert();
const FAINT: Style = Style::new().dimmed();
const BAR: Style = AnsiColor::Cyan.on_default();

/// The steps of a small curve.
const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// What keys do.
const HELP: [&str; 11] = [
    "",
    "  c   sort by the share of a CPU        r   by runs a second",
    "  a   by the time of a run              t   by all the time",
    "  n   by name                           i   by id",
    "      the same key again turns the order round",
    "",
    "  /   filter by name, type or id        Esc forget the filter",
    "  A   show programs that do not run     space  hold the picture",
    "  arrows, page keys                     scroll",
    "  q   quit                              any key leaves this page",
    "",
];

/// The lines of the screen, none longer than it is wide.
pub fn lines(sampler: &Sampler, view: &View, width: usize, height: usize) -> Vec<String> {
    let rows = view.chosen(sampler.rows());
    let mut lines = vec![cut(&title(sampler, view, &rows), width)];
    if view.helps {
        lines.extend(HELP.iter().map(|line| cut(line, width)));
        lines.truncate(height);
        return lines;
    }
    let columns = Columns::for_width(width);
    lines.push(format!("{HEAD}{}{HEAD:#}", columns.head(view.order)));
    let room = height.saturating_sub(3);
    let above = view.above.min(rows.len().saturating_sub(room));
    lines.extend(rows.iter().skip(above).take(room).map(|row| columns.row(row)));
    if rows.is_empty() {
        let why = if view.filter.is_empty() {
            "no program has run yet; A shows all"
        } else {
            "no such program"
        };
        lines.push(cut(&format!("  {why}"), width));
    }
    while lines.len() + 1 < height {
        lines.push(String::new());
    }
    let foot = if view.writes_filter {
        format!("filter: {}_", view.filter)
    } else {
        "q quit  ? keys  c r a t n i sort  / filter  space hold".to_owned()
    };
    lines.push(format!("{FAINT}{}{FAINT:#}", cut(&foot, width)));
    lines.truncate(height);
    lines
}

fn title(sampler: &Sampler, view: &View, rows: &[&Row]) -> String {
    let all: Vec<&Row> = sampler.rows().collect();
    let share: f64 = all.iter().map(|row| row.cpu_percent).sum();
    let runs: f64 = all.iter().map(|row| row.runs_per_second).sum();
    let held = if view.holds() { "  (held)" } else { "" };
    let filter = match view.filter.as_str() {
        "" => String::new(),
        filter => format!("  filter: {filter}"),
    };
    let note = match view.note.as_str() {
        "" => String::new(),
        note => format!("  {note}"),
    };
    format!(
        "{} of {} programs  {} runs/s  {share:.2}% of a CPU  every {}{note}{filter}{held}",
        rows.len(),
        all.len(),
        count(runs),
        precise(sampler.span()),
    )
}

/// The widths of columns.
struct Columns {
    name: usize,
    curve: usize,
}

impl Columns {
    /// Id, type, runs, time and share take 51 columns; the name and the curve the rest.
    fn for_width(width: usize) -> Self {
        let rest = width.saturating_sub(54);
        let curve = (rest / 3).min(40);
        Self { name: rest.saturating_sub(curve + 1).max(8), curve }
    }

    fn head(&self, order: Order) -> String {
        let mark = |own: Order, text: &str| {
            if own == order { format!("{text}*") } else { text.to_owned() }
        };
        format!(
            "{:>7} {:<14.14} {:<name$} {:>9} {:>9} {:>8} {:<curve$}",
            mark(Order::Id, "ID"),
            "TYPE",
            mark(Order::Name, "NAME"),
            mark(Order::Runs, "RUNS/S"),
            mark(Order::Average, "A RUN"),
            mark(Order::Cpu, "CPU"),
            if self.curve > 5 { "SHARE" } else { "" },
            name = self.name,
            curve = self.curve,
        )
    }

    fn row(&self, row: &Row) -> String {
        let name = cut(&row.name, self.name);
        format!(
            "{:>7} {:<14.14} {name:<width$} {:>9} {:>9} {:>8} {BAR}{}{BAR:#}",
            row.id,
            row.ty,
            count(row.runs_per_second),
            per_run(row),
            format!("{:.3}%", row.cpu_percent),
            curve(row, self.curve),
            width = self.name,
        )
    }
}

fn per_run(row: &Row) -> String {
    match row.ns_per_run {
        0 => "-".to_owned(),
        nanos => precise(Duration::from_nanos(nanos)),
    }
}

/// The last shares as a small curve, the newest at the right.
fn curve(row: &Row, width: usize) -> String {
    let shown = row.history.iter().skip(row.history.len().saturating_sub(width));
    let most = row.history.iter().copied().fold(0.0, f64::max);
    let steps = shown.map(|share| {
        if *share <= 0.0 || most <= 0.0 {
            return ' ';
        }
        let step = (share / most * 8.0).ceil().clamp(1.0, 8.0) as usize;
        STEPS.get(step - 1).copied().unwrap_or(' ')
    });
    let curve: String = steps.collect();
    format!("{curve:>width$}")
}

/// A number in four digits or so: `12.3k`.
fn count(number: f64) -> String {
    match number {
        ..1000.0 => format!("{number:.0}"),
        ..1e6 => format!("{:.1}k", number / 1e3),
        ..1e9 => format!("{:.1}M", number / 1e6),
        _ => format!("{:.1}G", number / 1e9),
    }
}

/// The text, cut where the screen ends.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// The same as a table, for pipes and single pictures.
pub fn table(rows: &[&Row], page: &Page) -> String {
    let heads = ["id", "type", "name", "runs/s", "a run", "cpu", "runs"];
    let mut table = Table::new(page, &heads).numbers(&[0, 3, 4, 5, 6]);
    for row in rows {
        table.row([
            row.id.to_string(),
            row.ty.clone(),
            row.name.clone(),
            count(row.runs_per_second),
            per_run(row),
            format!("{:.3}%", row.cpu_percent),
            row.run_cnt.to_string(),
        ]);
    }
    table.plain()
}

#[cfg(test)]
mod tests {
    use super::{Columns, count, curve, cut};
    use crate::prog::top::sampler::Row;
    use crate::prog::top::view::Order;

    #[test]
    fn rows_are_as_wide_as_the_screen() {
        let row = Row {
            id: 28412,
            ty: "raw_tracepoint_writable".into(),
            name: "a_program_with_a_name_that_is_too_long_for_it".into(),
            runs_per_second: 1_234_567.0,
            ns_per_run: 1234,
            cpu_percent: 12.5,
            history: [0.0, 1.0, 2.0].into(),
            ..Row::default()
        };
        let plain = |text: String| anstream::adapter::strip_str(&text).to_string();
        for width in [80, 140] {
            let columns = Columns::for_width(width);
            assert!(plain(columns.row(&row)).chars().count() <= width);
            assert!(columns.head(Order::Cpu).chars().count() <= width);
        }
        assert_eq!(curve(&row, 4), "  ▄█".chars().collect::<String>());
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(count(999.0), "999");
        assert_eq!(count(12_345.0), "12.3k");
        assert_eq!(cut("abcdef", 4), "abc…");
    }
}
