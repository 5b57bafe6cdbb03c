//! From what the user typed to what is asked and how the answer is shown.

mod backends;
mod certs;
mod objects;

use http::Method;
use serde_json::json;

use super::call::Call;
use super::input::{Input, InputError};
use super::options::{ApplyOptions, CtlCommand, EventsOptions, Layer, RollbackOptions, StatsOptions, Write};
use super::view::View;

/// What is to be done.
pub(super) enum Task {
    /// Ask once, and show the answer.
    Ask(Call, View),
    /// Ask for upstreams and routes, and show the backends of both.
    AllBackends(Call, Call),
    /// Show events as they come.
    Follow(Call),
    /// Watch.
    Top {
        /// Once.
        once: bool,
    },
}

/// Why a task cannot be made of what the user typed.
#[derive(Debug, thiserror::Error)]
pub(super) enum TaskError {
    /// The command line is wrong.
    #[error("{0}")]
    Usage(String),
    /// A file is wrong.
    #[error(transparent)]
    Input(#[from] InputError),
}

impl TaskError {
    fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }
}

/// The task of a command.
///
/// # Errors
/// The command line is wrong in a way that only all of it together shows, or a file that it names is.
pub(super) fn task(command: &CtlCommand, input: &Input<'_>) -> Result<Task, TaskError> {
    let task = match command {
        CtlCommand::Routes(objects) => objects::of(objects::Kind::Route, objects, input)?,
        CtlCommand::Upstreams(objects) => objects::of(objects::Kind::Upstream, objects, input)?,
        CtlCommand::Backends(action) => backends::of(action)?,
        CtlCommand::Drain(mark) => backends::mark(mark, "drain")?,
        CtlCommand::Certs(certs) => certs::of(certs, input)?,
        CtlCommand::Plan(options) => {
            let document = input.value(&options.file)?;
            Task::Ask(Call::new(Method::POST, &["plan"]).body(document), View::Plan)
        }
        CtlCommand::Apply(options) => apply(options, input)?,
        CtlCommand::Confirm(number) => {
            let call = Call::new(Method::POST, &["confirm"]).body(json!({ "revision": number.revision }));
            Task::Ask(call, View::Done(format!("revision {} is kept", number.revision)))
        }
        CtlCommand::Rollback(options) => roll_back(options),
        CtlCommand::Revisions(options) => match options.revision {
            Some(number) => Task::Ask(Call::get(&["revisions", &number.to_string()]), View::Revision),
            None => {
                let call = Call::get(&["revisions"]).query("limit", &options.limit.to_string());
                Task::Ask(call, View::Revisions)
            }
        },
        CtlCommand::Document(options) => {
            let call = Call::get(&["document"]);
            let call = match options.layer {
                None => call,
                Some(Layer::Api) => call.query("layer", "api"),
                Some(Layer::File) => call.query("layer", "file"),
            };
            Task::Ask(call, View::Object)
        }
        CtlCommand::Reload => Task::Ask(Call::new(Method::POST, &["reload"]), View::Applied),
        CtlCommand::Stats(options) => stats(options),
        CtlCommand::Events(options) => Task::Follow(events(options)),
        CtlCommand::Health => Task::Ask(Call::get(&["health"]), View::Health),
        CtlCommand::Top(options) => Task::Top { once: options.once },
    };
    Ok(task)
}

/// How what a write answers is shown: a dry run is answered with a plan.
fn of_write(write: &Write, view: View) -> View {
    if write.dry_run { View::Plan } else { view }
}

fn apply(options: &ApplyOptions, input: &Input<'_>) -> Result<Task, TaskError> {
    let document = input.value(&options.file)?;
    let mut call = Call::new(Method::POST, &["apply"]).body(document).under(&options.write);
    if !options.revert_on.is_empty() {
        let bounds: Vec<&str> = options.revert_on.iter().map(super::options::Trigger::as_str).collect();
        call = call.query("revertOn", &bounds.join(","));
    }
    let view = if options.write.dry_run { View::Plan } else { View::Applied };
    Ok(Task::Ask(call, view))
}

fn roll_back(options: &RollbackOptions) -> Task {
    let write = Write { if_match: None, dry_run: options.dry_run, confirm: options.confirm.clone() };
    let call = Call::new(Method::POST, &["rollback"]).body(json!({ "revision": options.revision }));
    let view = if options.dry_run { View::Plan } else { View::Applied };
    Task::Ask(call.under(&write), view)
}

fn stats(options: &StatsOptions) -> Task {
    if options.routes {
        return Task::Ask(Call::get(&["stats", "routes"]), View::StatsOfRoutes);
    }
    let call = match (&options.route, &options.upstream, &options.backend) {
        (Some(route), ..) => Call::get(&["stats", route]),
        (None, Some(upstream), Some(backend)) => {
            Call::get(&["stats", "upstreams", upstream, "backends", backend])
        }
        (None, Some(upstream), None) => Call::get(&["stats", "upstreams", upstream]),
        (None, None, _) => Call::get(&["stats"]),
    };
    let call = if options.history { call.query("history", "true") } else { call };
    Task::Ask(call, View::Stats)
}

fn events(options: &EventsOptions) -> Call {
    let call = Call::get(&["events"]);
    let types: Vec<&str> =
        options.types.iter().map(|kind| kind.trim()).filter(|kind| !kind.is_empty()).collect();
    if types.is_empty() { call } else { call.query("types", &types.join(",")) }
}

#[cfg(test)]
mod tests;
