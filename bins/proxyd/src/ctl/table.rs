//! Tables for people.

use super::text::{fit, plain, width};

/// No column is wider.
const WIDEST: usize = 64;
/// No column is made narrower than this to make the table fit.
const NARROWEST: usize = 6;
const GAP: &str = "  ";

/// The head of a column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    name: &'static str,
    is_number: bool,
}

impl Column {
    pub(super) const fn text(name: &'static str) -> Self {
        Self { name, is_number: false }
    }

    /// Aligned at its end.
    pub(super) const fn number(name: &'static str) -> Self {
        Self { name, is_number: true }
    }
}

/// Rows under heads, aligned.
#[derive(Clone, Debug)]
pub(super) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(columns: &[Column]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// One more row; cells may hold anything.
    pub(super) fn row<I: IntoIterator<Item = String>>(&mut self, cells: I) {
        let cells = cells.into_iter().map(|cell| fit(&plain(&cell), WIDEST).into_owned());
        self.rows.push(cells.collect());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The head and the rows, no line wider than `most` where that can be had; no spaces at the end of lines.
    pub(super) fn lines(&self, most: Option<usize>) -> Vec<String> {
        let widths = self.widths(most);
        let head = self.columns.iter().map(|column| column.name);
        let mut lines = vec![self.line(head, &widths)];
        lines.extend(self.rows.iter().map(|row| self.line(row.iter().map(String::as_str), &widths)));
        lines
    }

    fn widths(&self, most: Option<usize>) -> Vec<usize> {
        let mut widths: Vec<usize> = self.columns.iter().map(|column| width(column.name)).collect();
        for row in &self.rows {
            for (wide, cell) in widths.iter_mut().zip(row) {
                *wide = (*wide).max(width(cell));
            }
        }
        let gaps = GAP.len() * widths.len().saturating_sub(1);
        let Some(most) = most.map(|most| most.saturating_sub(gaps)) else { return widths };
        let mut over = widths.iter().sum::<usize>().saturating_sub(most);
        while over > 0 {
            // The widest gives way: names and lists of names, rather than numbers.
            let texts = widths.iter_mut().zip(&self.columns).filter(|(_, column)| !column.is_number);
            let Some(widest) = texts.map(|(wide, _)| wide).max().filter(|wide| **wide > NARROWEST) else {
                break;
            };
            *widest -= 1;
            over -= 1;
        }
        widths
    }

    fn line<'c>(&self, cells: impl Iterator<Item = &'c str>, widths: &[usize]) -> String {
        let mut line = String::new();
        for (index, ((cell, column), wide)) in cells.zip(&self.columns).zip(widths).enumerate() {
            if index > 0 {
                line.push_str(GAP);
            }
            let cell = fit(cell, *wide);
            let padding = " ".repeat(wide.saturating_sub(width(&cell)));
            if column.is_number {
                line.push_str(&padding);
                line.push_str(&cell);
            } else {
                line.push_str(&cell);
                line.push_str(&padding);
            }
        }
        line.truncate(line.trim_end().len());
        line
    }
}

#[cfg(test)]
mod tests;
