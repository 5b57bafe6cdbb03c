//! A table of text: numbers to the right, everything else to the left.

use std::fmt;

/// Rows under a header.
#[derive(Clone, Debug)]
pub(crate) struct Table(Vec<Vec<String>>);

impl Table {
    pub(crate) fn new(header: &[&str]) -> Self {
        Self(vec![header.iter().map(|&title| title.to_owned()).collect()])
    }

    pub(crate) fn push(&mut self, row: impl IntoIterator<Item = String>) {
        self.0.push(row.into_iter().collect());
    }
}

impl Table {
    fn cells(&self, column: usize) -> impl Iterator<Item = &String> {
        self.0.iter().filter_map(move |row| row.get(column))
    }

    fn width(&self, column: usize) -> usize {
        self.cells(column).map(String::len).max().unwrap_or(0)
    }

    fn is_numeric(&self, column: usize) -> bool {
        self.cells(column).skip(1).all(|text| text == "-" || text.parse::<f64>().is_ok())
    }
}

/// A number with so many decimals, or a dash.
pub(crate) fn cell(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.decimals$}"))
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.0.iter().map(Vec::len).max().unwrap_or(0);
        let layout: Vec<_> =
            (0..columns).map(|column| (self.width(column), self.is_numeric(column))).collect();
        for row in &self.0 {
            let mut line = String::new();
            for (text, (width, is_numeric)) in row.iter().zip(&layout) {
                let padding = " ".repeat(width - text.len());
                let (before, after) =
                    if *is_numeric { (padding.as_str(), "") } else { ("", padding.as_str()) };
                line.extend([before, text, after, "  "]);
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
