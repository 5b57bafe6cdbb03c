//! Answers that the proxy makes itself.

use crate::{
    Part, Redirect, Respond, Route, Template,
    check::edits,
    report::{At, Report},
};

pub(super) fn check(route: &Route, at: At<'_>, report: &mut Report<'_>) {
    if let (Some(answer), Some(at)) = (&route.respond, at.get("respond")) {
        respond(answer, at, report);
    }
    if let (Some(answer), Some(at)) = (&route.redirect, at.get("redirect")) {
        redirect(answer, at, report);
    }
}

fn respond(answer: &Respond, at: At<'_>, report: &mut Report<'_>) {
    // RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5: these have no content.
    if matches!(answer.status, 204 | 205 | 304) && !answer.body.is_empty() {
        report.add(at.key("body").id, format!("an answer with status {} has no body", answer.status), None);
    }
    if answer.content_type.is_empty() || answer.content_type.contains(|c: char| c.is_ascii_control()) {
        report.add(at.key("contentType").id, "this is not a media type", None);
    }
    if let Some(headers) = at.get("headers") {
        edits::answer_fields(headers, report);
    }
}

fn redirect(answer: &Redirect, at: At<'_>, report: &mut Report<'_>) {
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        let message = format!("{} is not a status of a redirect", answer.status);
        report.add(at.key("status").id, message, Some("use 301, 302, 303, 307 or 308".into()));
    }
    let Some(to) = at.get("to") else {
        if !report.is_touched(at) {
            report.add(at.id, "a redirect needs a `to`", None);
        }
        return;
    };
    if report.is_touched(to) {
        return;
    }
    // What a URI reference may hold (RFC 3986 section 2); the rest must be percent-encoded. Variables bring their own.
    let Ok(template) = answer.to.parse::<Template>() else { return edits::template(to, report) };
    let texts =
        template.parts.iter().filter_map(|part| if let Part::Text(text) = part { Some(text) } else { None });
    let foreign = |c: &char| !c.is_ascii_graphic() || "\"<>\\^`{|}".contains(*c);
    let absolute =
        ["http://", "https://", "$scheme://", "/"].iter().any(|start| answer.to.starts_with(start));
    if let Some(wrong) = texts.flat_map(|text| text.chars()).find(foreign) {
        report.add(to.id, format!("{wrong:?} cannot be in a URL; write it percent-encoded"), None);
    } else if !absolute {
        let hint = "start with https://, http://, $scheme:// or /";
        report.add(to.id, format!("`{}` does not say where to", answer.to), Some(hint.into()));
    }
}
