use std::io;
use std::path::Path;

use clap::Parser;

use super::*;
use crate::cli::{Cli, Command};

const FILE: &str = "id: api\nname: app\nbackends: [{ hostname: 10.0.0.1, port: 80 }]";

fn file(path: &Path) -> io::Result<String> {
    match path.to_str() {
        Some("x.yaml") => Ok(FILE.into()),
        Some("-") => Ok("{\"path\": \"/a\"}".into()),
        Some("list.yaml") => Ok("[1]".into()),
        Some("bad.yaml") => Ok("a: [".into()),
        Some("a.pem" | "a.key") => Ok(format!("PEM {}", path.display())),
        _ => Err(io::ErrorKind::NotFound.into()),
    }
}

fn of(line: &str) -> Result<Task, TaskError> {
    let words = ["proxyd", "ctl"].into_iter().chain(line.split(' '));
    match Cli::try_parse_from(words).unwrap().command {
        Some(Command::Ctl(options)) => task(&options.command, &Input { read: &file }),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn check(line: &str, expected: &str) {
    let Ok(Task::Ask(call, _) | Task::Follow(call)) = of(line) else { panic!("{line}") };
    let mut told = format!("{} {}", call.method, call.target.strip_prefix("/api/v1").unwrap());
    if let Some(body) = call.body {
        told.push_str(&format!(" {body}"));
    }
    if let Some(tag) = call.if_match {
        told.push_str(&format!(" if {tag}"));
    }
    assert_eq!(told, expected, "{line}");
}

#[track_caller]
fn refused(line: &str, expected: &str) {
    let Err(error) = of(line) else { panic!("{line}") };
    assert!(error.to_string().contains(expected), "{error}");
}

const BODY: &str = r#"{"backends":[{"hostname":"10.0.0.1","port":80}],"id":"api","name":"app"}"#;

#[test]
fn objects_are_listed_shown_put_and_deleted() {
    check("routes", "GET /routes");
    check("routes list", "GET /routes");
    check("upstreams", "GET /upstreams");
    check("certs", "GET /certificates");
    check("routes get *.a.example", "GET /routes/%2A.a.example");
    check("upstreams get app", "GET /upstreams/app");
    check("certs get *.a.example", "GET /certificates/%2A.a.example");
    check("routes put -f x.yaml", &format!("PUT /routes/api {BODY}"));
    check("routes put other -f x.yaml", &format!("PUT /routes/other {BODY}"));
    check("routes put -f -", r#"POST /routes {"path":"/a"}"#);
    check("upstreams put -f x.yaml --if-match abc", &format!("PUT /upstreams/app {BODY} if \"abc\""));
    check("routes delete api --dry-run", "DELETE /routes/api?dryRun=true");
    check("upstreams delete app --if-match * --confirm 1m", "DELETE /upstreams/app?confirm=1m if *");
    check("certs delete a.example", "DELETE /certificates/a.example");
    check(
        "certs put a.example --cert a.pem --key a.key",
        r#"POST /certificates {"cert":"PEM a.pem","domain":"a.example","key":"PEM a.key"}"#,
    );
}

#[test]
fn backends_are_of_an_upstream_or_of_a_route() {
    check("backends list app", "GET /upstreams/app/backends");
    check("backends list --route a.example", "GET /routes/a.example/backends");
    assert!(matches!(of("backends list"), Ok(Task::AllBackends(..))));
    check(
        "backends add app 10.0.0.7:80",
        r#"POST /upstreams/app/backends {"hostname":"10.0.0.7","port":80}"#,
    );
    check(
        "backends add --route a.example [::1]:80 --weight 2 --id x --dry-run",
        r#"POST /routes/a.example/backends?dryRun=true {"hostname":"::1","id":"x","port":80,"weight":2}"#,
    );
    check("backends add app unix:/a.sock", r#"POST /upstreams/app/backends {"hostname":"unix:/a.sock"}"#);
    check("backends remove app 10.0.0.7:80", "DELETE /upstreams/app/backends/10.0.0.7%3A80");
    check("backends remove --route a.example x", "DELETE /routes/a.example/backends/x");
    check("backends dead app x", "POST /upstreams/app/backends/x/dead");
    check("backends ready --route a.example x", "POST /routes/a.example/backends/x/ready");
    check("backends drain app x --keep-sticky", "POST /upstreams/app/backends/x/drain?keepSticky=true");
    check("drain app x", "POST /upstreams/app/backends/x/drain");
    check("drain --route a.example x", "POST /routes/a.example/backends/x/drain");
}

#[test]
fn documents_and_revisions_are_asked_for_as_the_api_wants_it() {
    check("plan -f x.yaml", &format!("POST /plan {BODY}"));
    check("apply -f x.yaml", &format!("POST /apply {BODY}"));
    check(
        "apply -f x.yaml --confirm 60s --revert-on errors=5%,p99=2x --if-match abc",
        &format!("POST /apply?confirm=60s&revertOn=errors%3D5%25%2Cp99%3D2x {BODY} if \"abc\""),
    );
    check("apply -f x.yaml --dry-run", &format!("POST /apply?dryRun=true {BODY}"));
    check("confirm 7", r#"POST /confirm {"revision":7}"#);
    check("rollback 7 --confirm 60s", r#"POST /rollback?confirm=60s {"revision":7}"#);
    check("revisions", "GET /revisions?limit=20");
    check("revisions --limit 5", "GET /revisions?limit=5");
    check("revisions 7", "GET /revisions/7");
    check("document", "GET /document");
    check("document --layer api", "GET /document?layer=api");
    check("reload", "POST /reload");
}

#[test]
fn what_happens_is_asked_for_as_the_api_wants_it() {
    check("stats", "GET /stats");
    check("stats --routes", "GET /stats/routes");
    check("stats *.a.example --history", "GET /stats/%2A.a.example?history=true");
    check("stats --upstream app", "GET /stats/upstreams/app");
    check("stats --upstream app --backend x:1", "GET /stats/upstreams/app/backends/x%3A1");
    check("events", "GET /events");
    check("events --types a.b,c", "GET /events?types=a.b%2Cc");
    check("health", "GET /health");
    assert!(matches!(of("top --once"), Ok(Task::Top { once: true })));
}

#[test]
fn a_dry_run_is_answered_with_a_plan() {
    for line in [
        "routes put -f x.yaml",
        "routes delete a",
        "apply -f x.yaml",
        "rollback 7",
        "backends add app a:1",
        "backends remove app a",
    ] {
        let Ok(Task::Ask(_, view)) = of(line) else { panic!() };
        assert_ne!(view, View::Plan, "{line}");
        let Ok(Task::Ask(_, view)) = of(&format!("{line} --dry-run")) else { panic!() };
        assert_eq!(view, View::Plan, "{line}");
    }
}

#[test]
fn what_only_all_of_it_together_shows_is_told() {
    refused("backends add app", "UPSTREAM HOST:PORT");
    refused("backends add --route a.example app a:1", "HOST:PORT alone");
    refused("drain x", "UPSTREAM ID");
    refused("backends dead app x --keep-sticky", "--keep-sticky");
    for address in ["a", "a:", "a:0", "a:x", ":80", "::1:80", "[::1]", "[::1]80"] {
        refused(&format!("backends add app {address}"), "HOST:PORT");
    }
    refused("routes put -f list.yaml", "must hold one route");
    refused("upstreams put -f -", "has no `name`");
}

#[test]
fn a_file_of_no_use_is_told() {
    refused("plan -f nowhere.yaml", "nowhere.yaml cannot be read");
    refused("plan -f bad.yaml", "bad.yaml:1:");
    refused("certs put a.example --cert nowhere.pem --key a.key", "nowhere.pem cannot be read");
}
