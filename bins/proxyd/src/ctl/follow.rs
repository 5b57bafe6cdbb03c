//! `proxyd ctl events`.

use std::io::{self, Write};

use http_body_util::BodyExt;
use serde_json::{Map, Value};

use super::call::Call;
use super::client::Client;
use super::failure::CtlFailure;
use super::sse::{Event, Parser};
use super::text::plain;
use super::value::shown;

/// Prints events until the stream ends, which is a failure, or nobody reads any more, which is none.
///
/// # Errors
/// There is no stream, or it ended.
pub(super) async fn follow(client: &mut Client, call: &Call, json: bool) -> Result<(), CtlFailure> {
    let mut body = match client.stream(call).await? {
        Ok(body) => body,
        Err(refusal) => return Err(CtlFailure::Refused(refusal)),
    };
    let mut parser = Parser::default();
    while let Some(frame) = body.frame().await {
        let broken = |error: hyper::Error| CtlFailure::Stream(error.to_string());
        let Ok(bytes) = frame.map_err(broken)?.into_data() else { continue };
        let events = parser.push(&bytes).map_err(|error| CtlFailure::Stream(error.to_string()))?;
        let text: String = events.iter().map(|event| line(event, json)).collect();
        if !printed(&text)? {
            return Ok(());
        }
    }
    Err(CtlFailure::Stream("the proxy ended it".into()))
}

/// Prints; false where nobody reads any more.
fn printed(text: &str) -> Result<bool, CtlFailure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(CtlFailure::Output(error)),
    }
}

/// An event in one line, with its end.
pub(super) fn line(event: &Event, json: bool) -> String {
    let data = serde_json::from_str(&event.data).unwrap_or_else(|_| Value::String(event.data.clone()));
    if json {
        let mut object = Map::new();
        object.insert("event".into(), event.kind.as_str().into());
        if !event.id.is_empty() {
            object.insert("id".into(), event.id.as_str().into());
        }
        object.insert("data".into(), data);
        return format!("{}\n", Value::Object(object));
    }
    let mut line = String::new();
    match &data {
        Value::Object(members) => {
            // When comes first; the type stands beside it.
            line.extend(members.get("at").map(|at| format!("{}  ", shown(at))));
            line.push_str(&plain(&event.kind));
            for (name, value) in
                members.iter().filter(|(name, _)| !matches!(name.as_str(), "at" | "type" | "event"))
            {
                line.push_str(&format!("  {}={}", plain(name), shown(value)));
            }
        }
        other => line.push_str(&format!("{}  {}", plain(&event.kind), shown(other))),
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests;
