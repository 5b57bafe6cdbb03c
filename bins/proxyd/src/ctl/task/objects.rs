//! Routes and upstreams.

use http::Method;
use serde_json::Value;

use super::{Task, TaskError, of_write};
use crate::ctl::call::Call;
use crate::ctl::input::Input;
use crate::ctl::options::{ObjectAction, Objects, PutOptions};
use crate::ctl::view::View;

/// What kind of object.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Route,
    Upstream,
}

impl Kind {
    const fn list(self) -> &'static str {
        match self {
            Self::Route => "routes",
            Self::Upstream => "upstreams",
        }
    }

    const fn noun(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::Upstream => "upstream",
        }
    }

    /// The key that it is known by.
    const fn key(self) -> &'static str {
        match self {
            Self::Route => "id",
            Self::Upstream => "name",
        }
    }
}

pub(super) fn of(kind: Kind, objects: &Objects, input: &Input<'_>) -> Result<Task, TaskError> {
    Ok(match &objects.action {
        None | Some(ObjectAction::List) => {
            let view = match kind {
                Kind::Route => View::Routes,
                Kind::Upstream => View::Upstreams,
            };
            Task::Ask(Call::get(&[kind.list()]), view)
        }
        Some(ObjectAction::Get(named)) => Task::Ask(Call::get(&[kind.list(), &named.id]), View::Object),
        Some(ObjectAction::Put(options)) => put(kind, options, input)?,
        Some(ObjectAction::Delete(options)) => {
            let call = Call::new(Method::DELETE, &[kind.list(), &options.id]).under(&options.write);
            let done = View::Done(format!("removed {} {}", kind.noun(), options.id));
            Task::Ask(call, of_write(&options.write, done))
        }
    })
}

fn put(kind: Kind, options: &PutOptions, input: &Input<'_>) -> Result<Task, TaskError> {
    let value = input.value(&options.file)?;
    let Value::Object(members) = &value else {
        return Err(TaskError::usage(format!(
            "{} must hold one {}: a map; `proxyd ctl apply` takes a whole document",
            options.file.display(),
            kind.noun()
        )));
    };
    let held = members.get(kind.key()).and_then(Value::as_str).filter(|id| !id.is_empty());
    let call = match (options.id.as_deref().or(held), kind) {
        (Some(id), _) => Call::new(Method::PUT, &[kind.list(), id]),
        (None, Kind::Route) => Call::new(Method::POST, &[kind.list()]),
        (None, Kind::Upstream) => {
            return Err(TaskError::usage(format!(
                "the upstream in {} has no `name`; write one there, or behind `put`",
                options.file.display()
            )));
        }
    };
    let view = View::Put { noun: kind.noun(), key: kind.key() };
    Ok(Task::Ask(call.body(value).under(&options.write), of_write(&options.write, view)))
}
