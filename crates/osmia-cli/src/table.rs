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
