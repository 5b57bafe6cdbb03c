//! Answers that refuse, for people.

use http::StatusCode;
use serde_json::Value;

use super::client::Answer;
use super::text::{fit, plain};
use super::value::{list, member, shown, text, whole};

/// What a refusal says, over as many lines as it has problems. RFC 9457, and whatever else may answer.
pub(super) fn lines(answer: &Answer) -> Vec<String> {
    let reason = answer.status.canonical_reason().unwrap_or("an unknown status");
    let status = format!("{} {reason}", answer.status.as_u16());
    let problem: Option<Value> = serde_json::from_slice(&answer.body).ok().filter(Value::is_object);
    let Some(problem) = problem else { return foreign(&status, answer) };
    let told = text(&problem, "detail").or_else(|| text(&problem, "title")).unwrap_or("it says no more");
    let code = text(&problem, "code").map(|code| format!(" [{}]", plain(code))).unwrap_or_default();
    let mut lines = vec![format!("{status}: {}{code}", plain(told))];
    for error in list(&problem, "errors") {
        lines.extend(error_lines(error));
    }
    if let Some(candidates) = member(&problem, "candidates") {
        lines.push(format!("  it may be: {}", shown(candidates)));
    }
    if let (Some(revision), Some(until)) = (whole(&problem, "revision"), text(&problem, "until")) {
        lines.push(format!(
            "  keep it with `proxyd ctl confirm {revision}`, or it is taken back at {}",
            plain(until)
        ));
    }
    if let Some(way_out) = way_out(answer.status) {
        lines.push(format!("  {way_out}"));
    }
    lines
}

fn error_lines(error: &Value) -> Vec<String> {
    let detail = plain(text(error, "detail").unwrap_or("wrong"));
    let pointer = text(error, "pointer").filter(|pointer| !pointer.is_empty());
    let mut lines = vec![match pointer {
        Some(pointer) => format!("  {}: {detail}", plain(pointer)),
        None => format!("  {detail}"),
    }];
    lines.extend(text(error, "hint").map(|hint| format!("    hint: {}", plain(hint))));
    lines
}

/// An answer that does not come from the API.
fn foreign(status: &str, answer: &Answer) -> Vec<String> {
    let body = String::from_utf8_lossy(&answer.body);
    let line = plain(body.lines().next().unwrap_or_default().trim()).into_owned();
    let mut lines =
        vec![if line.is_empty() { status.to_owned() } else { format!("{status}: {}", fit(&line, 200)) }];
    if answer.status.is_redirection() {
        lines.push("  redirects are not followed; is this the address of an admin API?".into());
    }
    lines
}

const fn way_out(status: StatusCode) -> Option<&'static str> {
    match status {
        StatusCode::UNAUTHORIZED => Some("a token comes from --token-file or $PROXYD_TOKEN"),
        StatusCode::PRECONDITION_FAILED => Some("look at it again, and try with its tag of now"),
        StatusCode::PRECONDITION_REQUIRED => {
            Some("say which one is meant with --if-match; `get` and `plan` show the tag")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
