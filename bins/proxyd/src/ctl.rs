//! `proxyd ctl`: asks a proxy that runs, and tells it what to do.

mod options;

mod address;
mod input;
mod locate;

mod call;
mod client;
mod task;

mod failure;
mod follow;
mod problem;
mod sse;
mod table;
mod text;
mod top;
mod value;
mod view;

use std::env;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::output;
use address::Address;
use call::Call;
use client::{Answer, Client, Tls, Token};
use failure::CtlFailure;
use input::Input;
use task::Task;
use view::{Paper, View};

pub(crate) use options::{AFTER, CtlOptions};

/// Does what the user wants of a proxy; what went wrong has been told.
pub(crate) fn run(options: &CtlOptions) -> ExitCode {
    failure::code(perform(options), options.json)
}

fn perform(options: &CtlOptions) -> Result<(), CtlFailure> {
    let input = Input::of_process();
    let task = task::task(&options.command, &input)?;
    let mut client = client(options, &input)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(CtlFailure::Runtime)?;
    let done = runtime.block_on(async {
        match task {
            Task::Ask(call, view) => ask(&mut client, &call, &view, options.json).await,
            Task::AllBackends(upstreams, routes) => {
                all_backends(&mut client, &upstreams, &routes, options.json).await
            }
            Task::Follow(call) => follow::follow(&mut client, &call, options.json).await,
            Task::Top { once } => top::top(&mut client, once, paper()).await,
        }
    });
    // A look-up of a name that is under way is nobody's concern any more.
    runtime.shutdown_background();
    done
}

/// A client of the proxy that is meant.
fn client(options: &CtlOptions, input: &Input<'_>) -> Result<Client, CtlFailure> {
    let reach = &options.reach;
    let environment = |name: &str| env::var_os(name);
    let surroundings = locate::Surroundings {
        environment: &environment,
        exists: &Path::exists,
        section: &locate::read_section,
        is_root: rustix::process::geteuid().is_root(),
    };
    let address = locate::locate(reach.address.as_ref(), reach.config.as_deref(), &surroundings)?;
    let token = Token::find(reach, input, &environment)?;
    if token.is_some() && address.is_open() {
        output::error(&format!("proxyd ctl: the token goes to {address} in the clear; https:// hides it\n"));
    }
    let is_secure = matches!(address, Address::Tcp { is_secure: true, .. });
    let tls = if is_secure { Some(Tls::new(reach, input)?) } else { None };
    Ok(Client::new(address, tls, token, reach.timeout))
}

/// What standard output is.
fn paper() -> Paper {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return Paper::default();
    }
    let size = rustix::termios::tcgetwinsize(&stdout).ok();
    let width = size.map(|size| usize::from(size.ws_col)).filter(|width| *width > 0);
    Paper { width, has_colours: env::var_os("NO_COLOR").is_none_or(|set| set.is_empty()) }
}

/// Asks, and prints the answer.
async fn ask(client: &mut Client, call: &Call, view: &View, json: bool) -> Result<(), CtlFailure> {
    let (answer, value) = answered(client, call).await?;
    let mut text = match (json, &value) {
        (true, None) => String::new(),
        (true, Some(_)) => format!("{}\n", String::from_utf8_lossy(&answer.body).trim_end()),
        (false, value) => view::text(view, &answer, value.as_ref().unwrap_or(&Value::Null), paper()),
    };
    // Answers of single objects do not say which revision they became.
    if call.waits
        && !json
        && *view != View::Applied
        && let Ok(health) = value_of(client, &Call::get(&["health"])).await
    {
        text.push_str(&view::pending(&health));
    }
    // Where the object itself is printed, its tag must not be part of it.
    if let (View::Object, Some(tag), false) = (view, &answer.tag, json) {
        output::error(&format!("etag: {}\n", text::plain(tag)));
    }
    output::print(&text).map_err(CtlFailure::Output)
}

async fn all_backends(
    client: &mut Client,
    upstreams: &Call,
    routes: &Call,
    json: bool,
) -> Result<(), CtlFailure> {
    let upstreams = value_of(client, upstreams).await?;
    let routes = value_of(client, routes).await?;
    let text = if json {
        format!("{}\n", json!({ "upstreams": upstreams, "routes": routes }))
    } else {
        view::all_backends(&upstreams, &routes, paper())
    };
    output::print(&text).map_err(CtlFailure::Output)
}

/// Asks for JSON.
async fn value_of(client: &mut Client, call: &Call) -> Result<Value, CtlFailure> {
    Ok(answered(client, call).await?.1.unwrap_or_default())
}

/// A good answer, and what it says, if anything.
async fn answered(client: &mut Client, call: &Call) -> Result<(Answer, Option<Value>), CtlFailure> {
    let answer = client.ask(call).await?;
    if !answer.status.is_success() {
        return Err(CtlFailure::Refused(answer));
    }
    if answer.body.is_empty() {
        return Ok((answer, None));
    }
    let foreign = |_| CtlFailure::NoJson(client.address().to_string());
    let value = serde_json::from_slice(&answer.body).map_err(foreign)?;
    Ok((answer, Some(value)))
}

#[cfg(test)]
pub(crate) mod fake;
