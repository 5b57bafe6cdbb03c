//! Answers for people.

mod changes;
mod lists;
mod numbers;

use serde_json::Value;

use super::client::Answer;
use super::text::plain_json;
use super::value::first;

pub(super) use lists::{name as backend_name, state as backend_state};
pub(super) use numbers::by_id;

/// How an answer is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// Routes in a table.
    Routes,
    /// Upstreams in a table.
    Upstreams,
    /// Backends in a table.
    Backends,
    /// Certificates in a table.
    Certificates,
    /// As JSON.
    Object,
    /// One object that was put.
    Put {
        /// What it is.
        noun: &'static str,
        /// What it is known by.
        key: &'static str,
    },
    /// A backend that was set by hand.
    Marked,
    /// This sentence.
    Done(String),
    /// What would change.
    Plan,
    /// What has changed.
    Applied,
    /// Revisions in a table.
    Revisions,
    /// One revision with its changes.
    Revision,
    /// Figures.
    Stats,
    /// Figures of all routes in a table.
    StatsOfRoutes,
    /// How the proxy is.
    Health,
}

/// How wide what is printed may be, and whether it may have colours.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Paper {
    /// In characters; `None`: as wide as it is.
    pub(super) width: Option<usize>,
    pub(super) has_colours: bool,
}

/// An answer as text: lines, each with its end.
pub(super) fn text(view: &View, answer: &Answer, value: &Value, paper: Paper) -> String {
    let lines = match view {
        View::Routes => lists::routes(value, paper),
        View::Upstreams => lists::upstreams(value, paper),
        View::Backends => lists::backends(value, paper),
        View::Certificates => lists::certificates(value, paper),
        View::Object => return object(value),
        View::Put { noun, key } => put(noun, key, answer, value),
        View::Marked => vec![format!("backend {}: {}", first(value, &["id"]), lists::state(value))],
        View::Done(told) => vec![super::text::plain(told).into_owned()],
        View::Plan => changes::plan(value, answer.tag.as_deref(), paper),
        View::Applied => changes::applied(value, paper),
        View::Revisions => lists::revisions(value, paper),
        View::Revision => changes::revision(value, paper),
        View::Stats => numbers::stats(value, paper),
        View::StatsOfRoutes => numbers::routes(value, paper),
        View::Health => numbers::pairs(value),
    };
    joined(&lines)
}

/// The backends of upstreams and of routes as text.
pub(super) fn all_backends(upstreams: &Value, routes: &Value, paper: Paper) -> String {
    joined(&lists::all_backends(upstreams, routes, paper))
}

/// What to do about a revision that waits, of `/health`; nothing where none does.
pub(super) fn pending(health: &Value) -> String {
    joined(&changes::pending(health).into_iter().collect::<Vec<_>>())
}

/// JSON that a program can read and that cannot steer a terminal.
pub(super) fn object(value: &Value) -> String {
    format!("{}\n", plain_json(&format!("{value:#}")))
}

fn joined(lines: &[String]) -> String {
    let mut text = String::new();
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    text
}

fn put(noun: &str, key: &str, answer: &Answer, value: &Value) -> Vec<String> {
    let done = if answer.status == http::StatusCode::CREATED { "added" } else { "replaced" };
    let mut lines = vec![format!("{done} {noun} {}", first(value, &[key, "id", "name"]))];
    lines.extend(answer.tag.as_ref().map(|tag| format!("etag: {}", super::text::plain(tag))));
    lines
}

#[cfg(test)]
mod tests;
