//! Commands, their exit codes, and what they say of a bad file.

use std::path::PathBuf;

use harness::{Finished, fixture, proxyd};
use tempfile::TempDir;

/// A file with this text, in a folder of its own.
fn file(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("proxyd.yaml");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn with(command: &str, text: &str) -> Finished {
    let (_folder, path) = file(text);
    proxyd(&[command, "--config", path.to_str().unwrap()])
}

const WRONG: &str = "\
upstreams:
  - { name: primary-api, url: localhost }
routes:
  - path: /a
    upstream: primary-apu
  - { path: b, upstream: primary-api, stripPrefx: /b }
";

#[test]
fn check_says_ok_and_how_much_there_is() {
    let finished = with("check", "routes: [{ path: /x, respond: { status: 200 } }]\n");
    assert_eq!(finished.code, Some(0));
    assert!(finished.output.starts_with("ok\n"), "{finished:?}");
    assert!(finished.output.contains("1 listener, 0 upstreams, 0 backends, 1 route"), "{finished:?}");
}

#[test]
fn the_full_file_of_the_gateway_passes_check_with_warnings() {
    let finished = proxyd(&["check", "--config", &fixture("contract/b-full.yml")]);
    assert_eq!((finished.code, finished.output.lines().next()), (Some(0), Some("ok")), "{finished:?}");
    for key in ["rateLimit", "auth"] {
        assert!(finished.errors.contains(key), "nothing is said of {key}: {}", finished.errors);
    }
}

#[test]
fn every_error_of_a_file_is_told_in_one_run_with_its_place_and_a_hint() {
    for command in ["check", "run"] {
        let finished = with(command, WRONG);
        assert_eq!(finished.code, Some(78), "{finished:?}");
        for part in [
            "proxyd.yaml:5:15: routes[0].upstream: there is no upstream `primary-apu`",
            "did you mean `primary-api`?",
            "proxyd.yaml:6:13: routes[1].path",
            "proxyd.yaml:6:39: routes[1]",
            "did you mean `stripPrefix`?",
            "5 |     upstream: primary-apu",
            "^^^^^^^^^^^",
        ] {
            assert!(finished.errors.contains(part), "{command} does not say {part:?}:\n{}", finished.errors);
        }
    }
}

#[test]
fn check_can_say_it_in_json() {
    let (_folder, path) = file(WRONG);
    let finished = proxyd(&["check", "--format", "json", "--config", path.to_str().unwrap()]);
    assert_eq!(finished.code, Some(78));
    for part in ["\"ok\": false", "\"line\": 5", "\"column\": 15", "\"path\": \"routes[0].upstream\""] {
        assert!(finished.output.contains(part), "no {part} in {}", finished.output);
    }
}

#[test]
fn what_is_not_built_is_refused_by_run_and_never_ignored() {
    for (text, key) in [
        ("proxy: { maxDuration: 1s }", "proxy.maxDuration"),
        ("routes: [{ respond: {}, rateLimit: { max: 1, windowMs: 1000 } }]", "routes[0].rateLimit"),
        ("routes: [{ respond: {}, auth: required }]", "routes[0].auth"),
        ("rateLimit: { global: { max: 1, windowMs: 1000 } }", "rateLimit"),
        ("metrics: { onTraffic: true }", "metrics"),
        ("logging: { sampling: { successRate: 0.1 } }", "logging.sampling"),
        ("telemetry: { otlp: { endpoint: \"http://127.0.0.1:4317\" } }", "telemetry"),
    ] {
        let text = format!("{text}\n");
        let run = with("run", &text);
        assert_eq!(run.code, Some(78), "{text}: {run:?}");
        assert!(run.errors.contains(key), "{text}: {}", run.errors);
        let check = with("check", &text);
        assert_eq!(check.code, Some(0), "{text}: {check:?}");
        assert!(check.errors.contains("warning") && check.errors.contains(key), "{text}: {}", check.errors);
    }
}

#[test]
fn a_value_that_would_break_a_field_is_refused() {
    for value in ["a\\r\\nX-Evil: 1", "a\\nb", "a\\0b"] {
        let text =
            format!("routes: [{{ respond: {{}}, responseHeaders: {{ set: {{ X: \"{value}\" }} }} }}]\n");
        let finished = with("run", &text);
        assert_eq!(finished.code, Some(78), "{value}: {finished:?}");
        assert!(finished.errors.contains("proxyd.yaml:1:"), "{}", finished.errors);
    }
}

#[test]
fn exit_codes_tell_usage_from_configuration() {
    assert_eq!(proxyd(&["--no-such-option"]).code, Some(2));
    assert_eq!(proxyd(&["no-such-command"]).code, Some(2));
    assert_eq!(proxyd(&["run", "--config"]).code, Some(2));
    assert_eq!(proxyd(&["version"]).code, Some(0));
    let missing = proxyd(&["run", "--config", "/nowhere/proxyd.yaml"]);
    assert_eq!(missing.code, Some(78));
    assert!(missing.errors.contains("/nowhere/proxyd.yaml"), "{}", missing.errors);
    assert_eq!(with("run", "routes: [\n").code, Some(78));
}

#[test]
fn the_schema_is_json_and_names_the_keys() {
    let finished = proxyd(&["schema"]);
    assert_eq!(finished.code, Some(0));
    assert!(finished.output.starts_with('{') && finished.output.trim_end().ends_with('}'));
    for key in ["\"$schema\"", "\"upstreams\"", "\"stripPrefix\"", "\"blockedIPs\""] {
        assert!(finished.output.contains(key), "no {key}");
    }
}
