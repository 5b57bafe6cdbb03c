//! From figures to lines. No terminal is known here.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use super::data::{BackendRow, Data, Figures, RouteRow};
use super::keys::Key;
use crate::ctl::table::{Column, Table};
use crate::ctl::text::{fit, plain, width};
use crate::ctl::value::{NOTHING, short};

/// Figures of no more backends are asked for in one step: the API answers a hundred questions in a second.
const FEW: usize = 40;

/// How large a screen is, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) width: usize,
    pub(super) height: usize,
}

/// What comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sort {
    #[default]
    Rate,
    Errors,
    P99,
}

impl Sort {
    const fn next(self) -> Self {
        match self {
            Self::Rate => Self::Errors,
            Self::Errors => Self::P99,
            Self::P99 => Self::Rate,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Rate => "requests per second",
            Self::Errors => "errors",
            Self::P99 => "p99",
        }
    }

    /// The larger first.
    fn order(self, one: Figures, other: Figures) -> Ordering {
        match self {
            Self::Rate => other.rate.total_cmp(&one.rate),
            Self::Errors => other.errors.cmp(&one.errors),
            Self::P99 => other.p99.total_cmp(&one.p99),
        }
    }
}

/// What is shown, and from where on.
#[derive(Debug)]
pub(super) struct Screen {
    pub(super) data: Data,
    address: String,
    sort: Sort,
    /// The table that keys move: 0 for routes, 1 for backends.
    focus: usize,
    /// The first row that is shown of each.
    offsets: [usize; 2],
    failure: Option<String>,
}

/// What goes to one table.
struct Pane<'t> {
    title: String,
    table: &'t Table,
    offset: usize,
    is_focus: bool,
}

impl Screen {
    pub(super) fn new(address: String) -> Self {
        Self {
            data: Data::default(),
            address,
            sort: Sort::default(),
            focus: 0,
            offsets: [0; 2],
            failure: None,
        }
    }

    /// Shows this from now on.
    pub(super) fn fresh(&mut self, data: Data) {
        self.data = data;
        self.failure = None;
    }

    /// Shows, beside what was last known, that no more is.
    pub(super) fn failed(&mut self, why: &str) {
        self.failure = Some(why.lines().next().unwrap_or_default().to_owned());
    }

    /// Does what a key asks for; breaks at the end.
    pub(super) fn press(&mut self, key: Key, size: Size) -> ControlFlow<()> {
        let rows = rows(size);
        let [routes, backends] = &mut self.offsets;
        let (offset, page, count) = match self.focus {
            0 => (routes, rows[0], self.data.routes.len()),
            _ => (backends, rows[1], self.data.backends.len()),
        };
        let last = count.saturating_sub(page);
        match key {
            Key::Quit => return ControlFlow::Break(()),
            Key::Sort => {
                self.sort = self.sort.next();
                self.offsets = [0; 2];
                return ControlFlow::Continue(());
            }
            Key::Other => {
                self.focus = 1 - self.focus.min(1);
                return ControlFlow::Continue(());
            }
            Key::Up => *offset = offset.saturating_sub(1),
            Key::Down => *offset += 1,
            Key::PageUp => *offset = offset.saturating_sub(page),
            Key::PageDown => *offset += page,
            Key::Home => *offset = 0,
            Key::End => *offset = last,
        }
        *offset = (*offset).min(last);
        ControlFlow::Continue(())
    }

    /// The backends whose figures are wanted, each by upstream and id: all where they are few, else those that are seen.
    pub(super) fn wanted(&self, size: Size) -> Vec<(String, String)> {
        let (from, count) = match self.data.backends.len() {
            ..=FEW => (0, FEW),
            _ => (self.offsets[1], rows(size)[1].min(FEW)),
        };
        let wanted = self.backends().into_iter().skip(from).take(count);
        wanted.map(|row| (row.upstream.clone(), row.id.clone())).collect()
    }

    /// As many lines as the screen has at the most, none wider than it.
    pub(super) fn render(&self, size: Size) -> Vec<String> {
        let (routes, backends) = (self.route_table(), self.backend_table());
        let pages = rows(size);
        let mut lines = vec![self.head(), self.overall()];
        let [routes_from, backends_from] = self.offsets;
        let panes = [
            (self.pane("routes", &routes, routes_from, 0), pages[0], self.data.routes.len()),
            (self.pane("backends", &backends, backends_from, 1), pages[1], self.data.backends.len()),
        ];
        for (pane, page, count) in panes {
            lines.extend(pane.lines(page, count, size.width));
        }
        lines.truncate(size.height.saturating_sub(1));
        lines
            .push(format!("q quit  s sort: {}  tab other table  arrows, page up and down", self.sort.name()));
        lines.truncate(size.height);
        lines.iter().map(|line| fit(line, size.width).into_owned()).collect()
    }

    /// All of it as text.
    pub(super) fn once(&self, most: Option<usize>) -> String {
        let mut lines = vec![self.head(), self.overall(), String::new()];
        lines.extend(self.route_table().lines(most));
        lines.push(String::new());
        lines.extend(self.backend_table().lines(most));
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    fn head(&self) -> String {
        if let Some(failure) = &self.failure {
            return format!("{}: {}", plain(&self.address), plain(failure));
        }
        let revision =
            self.data.revision.map(|revision| format!(", revision {revision}")).unwrap_or_default();
        format!("proxyd {} at {}{revision}", plain(&self.data.version), plain(&self.address))
    }

    fn overall(&self) -> String {
        let Figures { rate, errors, p50, p99 } = self.data.overall;
        format!(
            "{} requests per second, {} errors, p50 {} ms, p99 {} ms",
            short(rate),
            errors,
            short(p50),
            short(p99)
        )
    }

    fn routes(&self) -> Vec<&RouteRow> {
        let mut rows: Vec<&RouteRow> = self.data.routes.iter().collect();
        rows.sort_by(|one, other| {
            self.sort.order(one.figures, other.figures).then_with(|| one.id.cmp(&other.id))
        });
        rows
    }

    /// Where figures are known of those alone that are seen, these must not move by them: the busiest come first then.
    fn backends(&self) -> Vec<&BackendRow> {
        let mut rows: Vec<&BackendRow> = self.data.backends.iter().collect();
        if rows.len() <= FEW {
            let figures = |row: &BackendRow| row.figures.unwrap_or_default();
            rows.sort_by(|one, other| self.sort.order(figures(one), figures(other)));
        } else {
            rows.sort_by_key(|row| std::cmp::Reverse(row.in_flight.unwrap_or_default()));
        }
        rows
    }

    fn route_table(&self) -> Table {
        let mut table = Table::new(&[
            Column::text("ROUTE"),
            Column::number("R/S"),
            Column::number("ERRORS"),
            Column::number("P50 ms"),
            Column::number("P99 ms"),
        ]);
        for RouteRow { id, figures } in self.routes() {
            table.row(std::iter::once(id.clone()).chain(cells(Some(*figures))));
        }
        table
    }

    fn backend_table(&self) -> Table {
        let mut table = Table::new(&[
            Column::text("UPSTREAM"),
            Column::text("BACKEND"),
            Column::text("STATE"),
            Column::number("IN FLIGHT"),
            Column::number("R/S"),
            Column::number("ERRORS"),
            Column::number("P50 ms"),
            Column::number("P99 ms"),
        ]);
        for row in self.backends() {
            let in_flight = row.in_flight.map_or_else(|| NOTHING.into(), |count| count.to_string());
            let first = [row.upstream.clone(), row.id.clone(), row.state.clone(), in_flight];
            table.row(first.into_iter().chain(cells(row.figures)));
        }
        table
    }

    fn pane<'t>(&self, title: &str, table: &'t Table, offset: usize, index: usize) -> Pane<'t> {
        Pane { title: title.to_owned(), table, offset, is_focus: self.focus == index }
    }
}

impl Pane<'_> {
    /// A title, the head, and as many rows as fit.
    fn lines(&self, page: usize, count: usize, most: usize) -> Vec<String> {
        let offset = self.offset.min(count.saturating_sub(page));
        let shown = page.min(count.saturating_sub(offset));
        let range =
            if shown == 0 { "none".into() } else { format!("{}-{} of {count}", offset + 1, offset + shown) };
        let mark = if self.is_focus { '>' } else { ' ' };
        let title = format!("{mark} {}: {range} ", self.title);
        let rule = "-".repeat(most.saturating_sub(width(&title)));
        let mut lines = vec![format!("{title}{rule}")];
        let mut table = self.table.lines(Some(most)).into_iter();
        lines.extend(table.next());
        lines.extend(table.skip(offset).take(page));
        lines
    }
}

fn cells(figures: Option<Figures>) -> [String; 4] {
    match figures {
        None => [NOTHING; 4].map(String::from),
        Some(Figures { rate, errors, p50, p99 }) => [short(rate), errors.to_string(), short(p50), short(p99)],
    }
}

/// What is on the screen beside rows: two lines of figures, a title and a head for each table, the line of keys.
const FIXED: usize = 7;

/// How many rows each table has room for.
const fn rows(size: Size) -> [usize; 2] {
    let rows = size.height.saturating_sub(FIXED);
    [rows - rows / 2, rows / 2]
}

#[cfg(test)]
mod tests;
