use serde_json::Value;

use crate::process::{file, output, proxyd, stderr, stdout};

const GOOD: &str = "upstreams: [{ name: app, url: localhost }]\nroutes: [{ path: /*, upstream: app }]\n";
const BAD: &str = "upstreams: [{ name: app, url: localhost }]\nroutes: [{ path: /*, upstream: ap }]\n";
const NOT_BUILT: &str =
    "upstreams: [{ name: app, url: localhost }]\nroutes: [{ path: /*, auth: required, upstream: app }]\n";

#[test]
fn a_right_file_is_ok_and_summed_up() {
    let file = file(GOOD);
    let output = output(&["check", "--config", file.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0));
    let expected = format!("ok\n{}: 1 listener, 1 upstream, 1 backend, 1 route\n", file.path().display());
    assert_eq!(stdout(&output), expected);
    assert_eq!(stderr(&output), "");
}

#[test]
fn a_wrong_file_is_told_with_places_and_ends_with_78() {
    let file = file(BAD);
    let output = output(&["check", "-c", file.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(78));
    assert_eq!(stdout(&output), "");
    let told = stderr(&output);
    assert!(told.contains(":2:32: routes[0].upstream: there is no upstream `ap`"), "{told}");
    assert!(told.contains("did you mean `app`?"), "{told}");
}

#[test]
fn what_only_the_compiler_finds_is_told_too() {
    let file = file("routes: [{ path: /../.., respond: {} }]");
    let output = output(&["check", "-c", file.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(78));
    assert!(stderr(&output).contains(":1:18: routes[0].path: "), "{}", stderr(&output));
}

#[test]
fn what_is_not_built_is_a_warning_of_check_and_an_error_of_run() {
    let file = file(NOT_BUILT);
    let path = file.path().to_str().unwrap();
    let checked = output(&["check", "-c", path]);
    assert_eq!(checked.status.code(), Some(0));
    assert!(stdout(&checked).starts_with("ok\n"));
    assert!(stderr(&checked).starts_with("warning: "), "{}", stderr(&checked));
    let ran = output(&["run", "-c", path]);
    assert_eq!(ran.status.code(), Some(78));
    assert!(stderr(&ran).contains(":2:28: routes[0].auth: "), "{}", stderr(&ran));
}

#[test]
fn json_says_the_same() {
    let (good, bad) = (file(GOOD), file(BAD));
    let json = |path: &str| -> (Option<i32>, Value) {
        let output = output(&["check", "-c", path, "--format", "json"]);
        assert_eq!(stderr(&output), "");
        (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
    };
    let (code, value) = json(good.path().to_str().unwrap());
    assert_eq!((code, &value["ok"], &value["summary"]["routes"]), (Some(0), &true.into(), &1.into()));
    let (code, value) = json(bad.path().to_str().unwrap());
    assert_eq!((code, &value["ok"], &value["summary"]), (Some(78), &false.into(), &Value::Null));
    let error = &value["errors"][0];
    assert_eq!(
        (&error["line"], &error["column"], &error["path"]),
        (&2.into(), &32.into(), &"routes[0].upstream".into())
    );
}

#[test]
fn without_a_configuration_every_place_that_was_looked_at_is_named() {
    for command in [&["check"][..], &["run"], &[]] {
        let output = output(command);
        assert_eq!(output.status.code(), Some(78), "{command:?}");
        assert!(stderr(&output).contains("/etc/proxyd/proxyd.yaml"), "{}", stderr(&output));
    }
}

#[test]
fn the_environment_names_the_configuration() {
    let file = file(GOOD);
    let output = proxyd(&["check"]).env("PROXYD_CONFIG", file.path()).output().unwrap();
    assert!(stdout(&output).starts_with("ok\n"));
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    for arguments in [&["nonsense"][..], &["run", "--nonsense"], &["check", "--format", "xml"]] {
        assert_eq!(output(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn the_schema_is_a_schema_of_the_document() {
    let output = output(&["schema"]);
    assert_eq!(output.status.code(), Some(0));
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(schema["properties"]["upstreams"].is_object());
}

#[test]
fn the_version_is_that_of_the_package() {
    assert!(stdout(&output(&["version"])).starts_with(concat!("proxyd ", env!("CARGO_PKG_VERSION"))));
    let json: Value = serde_json::from_slice(&output(&["version", "--json"]).stdout).unwrap();
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
}
