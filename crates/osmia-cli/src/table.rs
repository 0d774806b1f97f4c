//! Tables, fitted to the page.

use anstyle::Style;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table as Grid, presets};

use crate::report::Page;

/// Lines between which nothing is drawn, under a head.
pub struct Table {
    grid: Grid,
    columns: usize,
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
        let columns = heads.len();
        let mut grid = Grid::new();
        grid.load_preset(presets::NOTHING).set_header(heads);
        match page.width {
            Some(width) => {
                let width = u16::try_from(width).unwrap_or(u16::MAX);
                grid.set_content_arrangement(ContentArrangement::Dynamic).set_width(width)
            }
            None => grid.set_content_arrangement(ContentArrangement::Disabled),
        };
        for column in grid.column_iter_mut() {
            column.set_padding((0, 2));
        }
        Self { grid, columns }
    }

    /// Aligns columns of numbers, which are not broken either.
    pub fn numbers(mut self, columns: &[usize]) -> Self {
        for &column in columns {
            if let Some(column) = self.grid.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        self.whole(columns)
    }

    /// Keeps columns as wide as what is in them, however narrow the page.
    pub fn whole(mut self, columns: &[usize]) -> Self {
        for &column in columns {
            if let Some(column) = self.grid.column_mut(column) {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        self
    }

    /// Adds a line; what is missing at its end stays empty.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.grid.add_row(cells.into_iter().take(self.columns));
    }

    /// The table under a title, indented; nothing if it has no lines.
    pub fn titled(&self, title: &str) -> String {
        if self.grid.is_empty() {
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
        let faint = Style::new().dimmed();
        let (on, off) = (faint.render().to_string(), faint.render_reset().to_string());
        let mut text = String::new();
        for (at, line) in self.grid.lines().enumerate() {
            let line = line.trim_end();
            match at {
                0 => text.extend([indent, &on, line, &off, "\n"]),
                _ => text.extend([indent, line, "\n"]),
            }
        }
        text
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
pub fn fitted(page: &Page, columns: &[Column], rows: &[Vec<String>]) -> Table {
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let mut kept: Vec<(usize, Column, usize)> = columns
        .iter()
        .enumerate()
        .map(|(at, column)| (at, *column, width(at)))
        .filter(|(_, column, width)| column.spare == 0 || *width > 0)
        .map(|(at, column, width)| (at, column, width.max(column.head.len())))
        .collect();
    let is_too_wide = |kept: &[(usize, Column, usize)]| {
        let whole: usize = kept.iter().map(|(_, _, width)| width + 2).sum();
        page.width.is_some_and(|width| whole > width)
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
    use super::{Column, fitted};
    use crate::report::Page;

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
