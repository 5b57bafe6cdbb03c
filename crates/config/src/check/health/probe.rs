//! Probes: what belongs to which type, and what can be asked and expected.

use crate::{
    HealthCheck, HealthCheckKind,
    check::{method, useless},
    document::host_and_port,
    pattern::{check_characters, check_regex},
    report::{At, Report},
};

pub(super) fn check(probe: &mut HealthCheck, at: At<'_>, report: &mut Report<'_>) {
    if !at.get("type").is_some_and(|kind| report.is_touched(kind)) {
        kind(probe, at, report);
    }
    let right = |key: &str, report: &Report<'_>| at.get(key).filter(|value| !report.is_touched(*value));
    if let Some(path) = right("path", report)
        && let Err(message) = target(&probe.path)
    {
        report.add(path.id, message, None);
    }
    if let Some(at) = right("method", report) {
        method::check(at, report);
    }
    if let (Some(host), Some(at)) = (&mut probe.host, right("host", report)) {
        match host_and_port(host) {
            Ok(canonical) => *host = canonical,
            Err(_) => report.add(at.id, format!("`{}` is not a host", host.escape_debug()), None),
        }
    }
    if let Some(service) = right("service", report)
        && probe.service.contains(char::is_control)
    {
        report.add(service.id, "the name of a service has no control characters", None);
    }
    if let Some(at) = right("expect", report) {
        expect(probe, at, report);
    }
}

/// What belongs to probes of another type.
fn kind(probe: &HealthCheck, at: At<'_>, report: &mut Report<'_>) {
    let default = HealthCheck::default();
    let http = [
        ("path", probe.path != default.path),
        ("method", probe.method != default.method),
        ("host", probe.host.is_some()),
        ("expect", probe.expect != default.expect),
    ];
    if probe.kind != HealthCheckKind::Http {
        let hint = "write `type: http`, or remove it";
        useless::check(useless::said(http), at, "belongs to probes with `type: http`", hint, report);
    }
    if probe.kind != HealthCheckKind::Grpc {
        let hint = "write `type: grpc`, or remove it";
        let grpc = useless::said([("service", !probe.service.is_empty())]);
        useless::check(grpc, at, "belongs to probes with `type: grpc`", hint, report);
    }
}

/// A path with or without a query.
fn target(path: &str) -> Result<(), String> {
    if !path.starts_with('/') {
        return Err(format!("`{}` must start with /", path.escape_debug()));
    }
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    // A query may also have further question marks (RFC 3986 section 3.4).
    [path, &query.replace('?', "")]
        .into_iter()
        .try_for_each(|part| check_characters(part).map_err(|error| error.to_string()))
}

fn expect(probe: &HealthCheck, at: At<'_>, report: &mut Report<'_>) {
    if let Some(status) = at.get("status").filter(|_| probe.expect.status.is_empty())
        && !report.is_touched(status)
    {
        report.add(status.id, "no answer would be a success", Some("write `[200-399]`".into()));
    }
    if let (Some(body), Some(at)) = (&probe.expect.body, at.get("body"))
        && let Err(error) = check_regex(body)
    {
        report.add(at.id, error.to_string(), None);
    }
}
