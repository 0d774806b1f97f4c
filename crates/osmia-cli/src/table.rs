//! Tables, fitted to the page.

use anstyle::Style;

use crate::report::Page;
use crate::wrap::{columns, widest_part, wrapped};

/// What stands between columns.
const GAP: usize = 2;

/// Columns of broken text are no narrower than this.
const NARROWEST: usize = 8;

/// Lines between which nothing is drawn, under a head.
pub struct Table {
    page: Page,
    heads: Vec<Head>,
    rows: Vec<Vec<String>>,
}

/// What stands above a column, and how the column is.
struct Head {
    text: String,
    /// Whether it is aligned to the right.
    number: bool,
    /// Whether it is never broken.
    whole: bool,
}

impl Table {
    /// An empty table with these columns.
    pub fn new(page: &Page, heads: &[&str]) -> Self {
        Self::with_heads(page, heads.iter().map(|head| head.to_uppercase()).collect())
    }

    /// The same, with heads that are names and stay as they are.
    pub fn as_written(page: &Page, heads: &[&str]) -> Self {
        Self::with_heads(page, heads.iter().map(|&head| head.to_owned()).collect())
    }

    fn with_heads(page: &Page, heads: Vec<String>) -> Self {
        let head = |text| Head { text, number: false, whole: false };
        Self { page: *page, heads: heads.into_iter().map(head).collect(), rows: Vec::new() }
    }

    /// Aligns columns of numbers, which are not broken either.
    pub fn numbers(mut self, columns: &[usize]) -> Self {
        for &column in columns {
            if let Some(head) = self.heads.get_mut(column) {
                head.number = true;
            }
        }
        self.whole(columns)
    }

    /// Keeps columns as wide as what is in them, however narrow the page.
    pub fn whole(mut self, columns: &[usize]) -> Self {
        for &column in columns {
            if let Some(head) = self.heads.get_mut(column) {
                head.whole = true;
            }
        }
        self
    }

    /// Adds a line; what is missing at its end stays empty.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut cells: Vec<String> = cells.into_iter().take(self.heads.len()).collect();
        cells.resize(self.heads.len(), String::new());
        self.rows.push(cells);
    }

    /// The table under a title, indented; nothing if it has no lines.
    pub fn titled(&self, title: &str) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let bold = Style::new().bold();
        format!("\n{bold}{title}{bold:#}\n{}", self.lines("  "))
    }

    /// The table by itself.
    pub fn plain(&self) -> String {
        self.lines("")
    }

    fn lines(&self, indent: &str) -> String {
        let widths = self.widths(indent.len());
        let faint = Style::new().dimmed();
        let heads: Vec<String> = self.heads.iter().map(|head| head.text.clone()).collect();
        let mut text = String::new();
        for line in self.line(&heads, &widths) {
            let head = format!("{faint}{line}{faint:#}");
            text.extend([indent, &head, "\n"]);
        }
        for row in &self.rows {
            for line in self.line(row, &widths) {
                text.extend([indent, &line, "\n"]);
            }
        }
        text
    }

    /// A row in as many lines as its highest cell has.
    fn line(&self, cells: &[String], widths: &[usize]) -> Vec<String> {
        let cells: Vec<Vec<String>> =
            cells.iter().zip(widths).map(|(cell, width)| wrapped(cell, *width)).collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        (0..height)
            .map(|at| {
                let mut line = String::new();
                for ((cell, width), head) in cells.iter().zip(widths).zip(&self.heads) {
                    let part = cell.get(at).map_or("", String::as_str);
                    let blanks = " ".repeat(width.saturating_sub(columns(part)));
                    let (before, behind) =
                        if head.number { (blanks.as_str(), "") } else { ("", blanks.as_str()) };
                    line.extend([before, part, behind, "  "]);
                }
                line.truncate(line.trim_end().len());
                line
            })
            .collect()
    }

    /// How wide the columns are: as wide as what is in them where the page has the room; else the widest give it,
    /// those first whose text can be broken well.
    fn widths(&self, indent: usize) -> Vec<usize> {
        let cells = |at: usize| self.rows.iter().filter_map(move |row| row.get(at));
        let whole: Vec<usize> = (0..self.heads.len())
            .map(|at| {
                let head = self.heads.get(at).map_or(0, |head| columns(&head.text));
                cells(at).map(|cell| widest_line(cell)).max().unwrap_or(0).max(head)
            })
            .collect();
        let Some(page) = self.page.width else { return whole };
        let room = page.saturating_sub(indent + GAP * self.heads.len().saturating_sub(1));
        let least = |broken: &dyn Fn(&str) -> usize| -> Vec<usize> {
            let heads = self.heads.iter().zip(&whole).enumerate();
            let least = heads.map(|(at, (head, whole))| match head.whole {
                true => *whole,
                false => {
                    cells(at).map(|cell| broken(cell)).max().unwrap_or(0).max(columns(&head.text))
                }
            });
            least.collect()
        };
        let mut widths = whole.clone();
        shrink(&mut widths, &least(&widest_part), room);
        shrink(&mut widths, &least(&|cell| widest_line(cell).min(NARROWEST)), room);
        // Broken text may end earlier than it might.
        let tight = widths.iter().zip(&self.heads).enumerate().map(|(at, (width, head))| {
            let lines = cells(at).flat_map(|cell| wrapped(cell, *width));
            lines.map(|line| columns(&line)).max().unwrap_or(0).max(columns(&head.text))
        });
        tight.collect()
    }
}

fn widest_line(text: &str) -> usize {
    text.split('\n').map(columns).max().unwrap_or(0)
}

/// Takes from the widest columns, down to the least, until they fit.
fn shrink(widths: &mut [usize], least: &[usize], room: usize) {
    loop {
        let Some(excess) = widths.iter().sum::<usize>().checked_sub(room).filter(|by| *by > 0)
        else {
            return;
        };
        let mut able: Vec<(usize, usize)> = widths
            .iter()
            .zip(least)
            .enumerate()
            .filter(|(_, (width, least))| width > least)
            .map(|(at, (width, _))| (*width, at))
            .collect();
        able.sort_unstable();
        let Some((widest, at)) = able.pop() else { return };
        let next = able.last().map_or(0, |(width, _)| *width);
        let step = (widest - next).max(1).min(excess);
        if let (Some(width), Some(least)) = (widths.get_mut(at), least.get(at)) {
            *width = width.saturating_sub(step).max(*least);
        }
    }
}

/// A column of a table from which columns may be left out.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// What stands above it.
    pub head: &'static str,
    /// Whether it has numbers.
    pub number: bool,
    /// When it is left out where the page is too narrow: those with the most first, those with 0 never.
    pub spare: u8,
}

impl Column {
    /// A column of text.
    pub const fn text(head: &'static str, spare: u8) -> Self {
        Self { head, number: false, spare }
    }

    /// A column of numbers.
    pub const fn number(head: &'static str, spare: u8) -> Self {
        Self { head, number: true, spare }
    }
}

/// A table of the columns that have something in them, as many as the page has room for.
pub fn fitted(page: &Page, wanted: &[Column], rows: &[Vec<String>]) -> Table {
    let width = |at: usize, column: &Column| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        // Columns that stay may be broken; what may be left out is shown whole or not at all.
        let width = |cell: &String| {
            if column.spare == 0 && !column.number { widest_part(cell) } else { columns(cell) }
        };
        cells.map(width).max().unwrap_or(0)
    };
    let mut kept: Vec<(usize, Column, usize)> = wanted
        .iter()
        .enumerate()
        .map(|(at, column)| (at, *column, width(at, column)))
        .filter(|(_, column, width)| column.spare == 0 || *width > 0)
        .map(|(at, column, width)| (at, column, width.max(column.head.len())))
        .collect();
    let is_too_wide = |kept: &[(usize, Column, usize)]| {
        let whole: usize = kept.iter().map(|(_, _, width)| width + GAP).sum();
        page.width.is_some_and(|width| whole > width + GAP)
    };
    while is_too_wide(&kept) {
        let spared = kept.iter().enumerate().filter(|(_, (_, column, _))| column.spare > 0);
        let Some((at, _)) = spared.max_by_key(|(_, (_, column, _))| column.spare) else { break };
        kept.remove(at);
    }
    let heads: Vec<&str> = kept.iter().map(|(_, column, _)| column.head).collect();
    let numbers: Vec<usize> = (0..kept.len())
        .filter(|at| kept.get(*at).is_some_and(|(_, column, _)| column.number))
        .collect();
    let mut table = Table::new(page, &heads).numbers(&numbers);
    for row in rows {
        table.row(kept.iter().map(|(at, _, _)| row.get(*at).cloned().unwrap_or_default()));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::{Column, Table, fitted};
    use crate::report::Page;

    fn text(table: &Table) -> String {
        anstream::adapter::strip_str(&table.plain()).to_string()
    }

    #[test]
    fn a_narrow_page_takes_room_from_what_breaks_well() {
        let table = |width| {
            let mut table =
                Table::new(&Page { width }, &["name", "section", "insns"]).numbers(&[2]);
            table.row(["count_packets".into(), "tracepoint/syscalls/sys_enter".into(), "7".into()]);
            table.row(["tail".into(), "xdp".into(), "12345".into()]);
            text(&table)
        };
        let whole = "NAME           SECTION                        INSNS\n\
                     count_packets  tracepoint/syscalls/sys_enter      7\n\
                     tail           xdp                            12345\n";
        assert_eq!(table(None), whole);
        assert_eq!(table(Some(51)), whole);
        let narrow = "NAME           SECTION               INSNS\n\
                      count_packets  tracepoint/syscalls/      7\n               \
                      sys_enter\n\
                      tail           xdp                   12345\n";
        assert_eq!(table(Some(42)), narrow);
        assert!(
            table(Some(30)).lines().all(|line| line.chars().count() <= 30),
            "{}",
            table(Some(30))
        );
    }

    #[test]
    fn columns_are_left_out_where_there_is_no_room() {
        let columns = [
            Column::number("id", 0),
            Column::text("tag", 2),
            Column::text("name", 0),
            Column::text("pids", 1),
        ];
        let rows = [vec!["7".to_owned(), "0123456789abcdef".into(), "drop".into(), String::new()]];
        let heads = |width| {
            let text = fitted(&Page { width }, &columns, &rows).plain();
            let head = anstream::adapter::strip_str(&text).to_string();
            head.lines().next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(heads(None), "ID TAG NAME");
        assert_eq!(heads(Some(80)), "ID TAG NAME");
        assert_eq!(heads(Some(20)), "ID NAME");
    }
}
