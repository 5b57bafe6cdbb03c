//! Backends of upstreams and routes.

use http::Method;
use serde_json::{Map, Value};

use super::{Task, TaskError, of_write};
use crate::ctl::call::Call;
use crate::ctl::options::{AddBackend, Backends, Mark, RemoveBackend, Which};
use crate::ctl::view::View;

pub(super) fn of(action: &Backends) -> Result<Task, TaskError> {
    match action {
        Backends::List(options) => Ok(match (&options.upstream, &options.route) {
            (Some(name), _) => Task::Ask(Call::get(&["upstreams", name, "backends"]), View::Backends),
            (None, Some(route)) => Task::Ask(Call::get(&["routes", route, "backends"]), View::Backends),
            (None, None) => Task::AllBackends(Call::get(&["upstreams"]), Call::get(&["routes"])),
        }),
        Backends::Add(options) => add(options),
        Backends::Remove(options) => remove(options),
        Backends::Dead(options) => mark(options, "dead"),
        Backends::Drain(options) => mark(options, "drain"),
        Backends::Ready(options) => mark(options, "ready"),
    }
}

fn add(options: &AddBackend) -> Result<Task, TaskError> {
    let Place { owner: [list, owner], backend } = Place::of(&options.which, "HOST:PORT")?;
    let (hostname, port) = split(backend)?;
    let mut body = Map::new();
    body.insert("hostname".into(), hostname.into());
    body.extend(port.map(|port| ("port".into(), port.into())));
    body.extend(options.weight.map(|weight| ("weight".into(), weight.into())));
    body.extend(options.id.as_deref().map(|id| ("id".into(), id.into())));
    let call = Call::new(Method::POST, &[list, owner, "backends"]).body(Value::Object(body));
    let view = View::Put { noun: "backend", key: "id" };
    Ok(Task::Ask(call.under(&options.write), of_write(&options.write, view)))
}

fn remove(options: &RemoveBackend) -> Result<Task, TaskError> {
    let Place { owner: [list, owner], backend } = Place::of(&options.which, "ID")?;
    let call = Call::new(Method::DELETE, &[list, owner, "backends", backend]).under(&options.write);
    let done = View::Done(format!("removed backend {backend} of {owner}"));
    Ok(Task::Ask(call, of_write(&options.write, done)))
}

/// Sets a backend by hand.
pub(super) fn mark(options: &Mark, how: &str) -> Result<Task, TaskError> {
    let Place { owner: [list, owner], backend } = Place::of(&options.which, "ID")?;
    if options.keep_sticky && how != "drain" {
        return Err(TaskError::usage(format!("--keep-sticky is of `drain`, not of `{how}`")));
    }
    let call = Call::new(Method::POST, &[list, owner, "backends", backend, how]);
    let call = if options.keep_sticky { call.query("keepSticky", "true") } else { call };
    Ok(Task::Ask(call, View::Marked))
}

/// Whose backend, and which.
struct Place<'w> {
    /// `upstreams` or `routes`, and the name.
    owner: [&'w str; 2],
    backend: &'w str,
}

impl<'w> Place<'w> {
    fn of(which: &'w Which, word: &str) -> Result<Self, TaskError> {
        match (which.words.as_slice(), &which.route) {
            ([backend], Some(route)) => Ok(Self { owner: ["routes", route], backend }),
            ([upstream, backend], None) => Ok(Self { owner: ["upstreams", upstream], backend }),
            (_, None) => Err(TaskError::usage(format!("write UPSTREAM {word}, or --route VHOST {word}"))),
            (_, Some(_)) => Err(TaskError::usage(format!("behind --route VHOST, there is {word} alone"))),
        }
    }
}

/// The hostname and the port of `HOST:PORT`; a Unix socket has no port.
fn split(address: &str) -> Result<(&str, Option<u16>), TaskError> {
    if address.starts_with("unix:") {
        return Ok((address, None));
    }
    let wrong =
        || TaskError::usage(format!("`{address}` is no backend; write HOST:PORT, [IPv6]:PORT or unix:/path"));
    let (host, port) = match address.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once("]:").ok_or_else(wrong)?,
        None => address.rsplit_once(':').filter(|(host, _)| !host.contains(':')).ok_or_else(wrong)?,
    };
    let port = port.parse().ok().filter(|port| *port != 0);
    if host.is_empty() { Err(wrong()) } else { Ok((host, Some(port.ok_or_else(wrong)?))) }
}
