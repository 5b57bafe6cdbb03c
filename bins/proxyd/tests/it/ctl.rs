//! `proxyd ctl` against a scripted API.

use std::fs;
use std::io::Write;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use crate::fake::{Fake, Reply, json, problem, tagged};
use crate::process::{file, output, proxyd, stderr, stdout};

/// The command at this API.
fn ctl(fake: &Fake, arguments: &[&str]) -> Output {
    let address = fake.address();
    let mut all = vec!["ctl", "--address", &address];
    all.extend(arguments);
    output(&all)
}

#[track_caller]
fn check(output: &Output, code: i32, out: &str, err: &str) {
    let found = (output.status.code(), stdout(output), stderr(output));
    assert_eq!(found, (Some(code), out.to_owned(), err.to_owned()));
}

#[test]
fn people_get_tables_and_programs_what_the_api_said() {
    let body = r#"[{"vHost":"a.example", "id":"a","upstream":"app","source":"file"}]"#;
    let fake = Fake::answering(vec![json("200 OK", body), json("200 OK", body)]);
    let table = "ID  VHOST      PATH  TO   SOURCE\na   a.example  /*    app  file\n";
    check(&ctl(&fake, &["routes"]), 0, table, "");
    check(&ctl(&fake, &["routes", "--json"]), 0, &format!("{body}\n"), "");
    assert_eq!(fake.lines(), ["GET /api/v1/routes", "GET /api/v1/routes"]);
}

#[test]
fn an_object_can_be_put_back_as_it_was_printed() {
    let fake = Fake::answering(vec![
        tagged("200 OK", "\"t1\"", r#"{"id":"a","path":"/\u009b"}"#),
        tagged("200 OK", "\"t2\"", r#"{"id":"a"}"#),
    ]);
    let got = ctl(&fake, &["routes", "get", "a"]);
    assert_eq!((got.status.code(), stderr(&got)), (Some(0), "etag: \"t1\"\n".into()));
    assert!(stdout(&got).contains("/\\u009b"), "{}", stdout(&got));
    let kept = file(&stdout(&got));
    let put = ctl(&fake, &["routes", "put", "-f", kept.path().to_str().unwrap(), "--if-match", "t1"]);
    check(&put, 0, "replaced route a\netag: \"t2\"\n", "");
    let asked = fake.asked().pop().unwrap();
    assert_eq!((asked.line.as_str(), asked.field("if-match")), ("PUT /api/v1/routes/a", Some("\"t1\"")));
    assert_eq!(serde_json::from_str::<Value>(&asked.body).unwrap(), json!({ "id": "a", "path": "/\u{9b}" }));
}

#[test]
fn yaml_from_standard_input_is_sent_as_json() {
    let plan = r#"{"revision":7,"changes":[{"kind":"route","id":"a","change":"added","fields":[]}],"connections":{},"warnings":[]}"#;
    let fake = Fake::answering(vec![tagged("200 OK", "\"t\"", plan)]);
    let mut command = proxyd(&["ctl", "--address", &fake.address(), "plan", "-f", "-"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"routes:\n  - { id: a, headers: { X-V: 1.10, X-Home: \"${HOME}\" } }\n")
        .unwrap();
    let planned = child.wait_with_output().unwrap();
    check(&planned, 0, "+ route a\nplanned against revision 7, etag: \"t\"\n", "");
    let sent: Value = serde_json::from_str(&fake.asked()[0].body).unwrap();
    assert_eq!(sent, json!({ "routes": [{ "id": "a", "headers": { "X-V": "1.10", "X-Home": "${HOME}" } }] }));
}

#[test]
fn a_refusal_is_told_with_all_its_errors() {
    let body = r#"{"status":422,"code":"invalid","detail":"it would be wrong: 1 error","errors":[{"pointer":"/path","detail":"no","hint":"yes"}]}"#;
    let fake = Fake::answering(vec![
        problem("422 Unprocessable Entity", body),
        problem("422 Unprocessable Entity", body),
    ]);
    let told = "proxyd ctl: 422 Unprocessable Entity: it would be wrong: 1 error [invalid]\n  /path: no\n    hint: yes\n";
    let put = file("path: x");
    let arguments = ["routes", "put", "-f", put.path().to_str().unwrap()];
    check(&ctl(&fake, &arguments), 1, "", told);
    let as_json = ctl(&fake, &[&arguments[..], &["--json"]].concat());
    assert_eq!((as_json.status.code(), stderr(&as_json).as_str()), (Some(1), told));
    assert_eq!(
        serde_json::from_str::<Value>(&stdout(&as_json)).unwrap(),
        serde_json::from_str::<Value>(body).unwrap()
    );
    assert_eq!(fake.lines(), ["POST /api/v1/routes", "POST /api/v1/routes"]);
}

#[test]
fn what_is_not_so_as_things_stand_has_an_exit_code_of_its_own() {
    let fake = Fake::answering(vec![
        problem(
            "409 Conflict",
            r#"{"code":"pending","detail":"revision 7 waits","revision":7,"until":"10:00"}"#,
        ),
        problem("412 Precondition Failed", r#"{"code":"changed","detail":"it changed"}"#),
        problem("404 Not Found", r#"{"code":"missing","detail":"there is none"}"#),
    ]);
    let waits = ctl(&fake, &["reload"]);
    assert_eq!(waits.status.code(), Some(3));
    assert!(stderr(&waits).contains("proxyd ctl confirm 7"), "{}", stderr(&waits));
    assert_eq!(ctl(&fake, &["routes", "delete", "a", "--if-match", "x"]).status.code(), Some(3));
    assert_eq!(ctl(&fake, &["routes", "delete", "a"]).status.code(), Some(1));
}

#[test]
fn a_removal_is_told_to_people_alone() {
    let gone = || Reply::Kept(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec());
    let fake = Fake::answering(vec![gone(), gone()]);
    check(&ctl(&fake, &["routes", "delete", "*.a.example"]), 0, "removed route *.a.example\n", "");
    check(&ctl(&fake, &["routes", "delete", "a", "--json"]), 0, "", "");
    assert_eq!(fake.lines()[0], "DELETE /api/v1/routes/%2A.a.example");
}

#[test]
fn a_write_that_waits_says_how_it_is_kept() {
    let fake = Fake::answering(vec![
        json("201 Created", r#"{"id":"a:80"}"#),
        json("200 OK", r#"{"status":"UP","revision":8,"pending":{"revision":8,"until":"10:00"}}"#),
    ]);
    let added = ctl(&fake, &["backends", "add", "app", "a:80", "--confirm", "60s"]);
    let told = "added backend a:80\nrevision 8 waits for its confirmation: `proxyd ctl confirm 8` before 10:00, or it is taken back\n";
    check(&added, 0, told, "");
    assert_eq!(fake.lines(), ["POST /api/v1/upstreams/app/backends?confirm=60s", "GET /api/v1/health"]);
}

#[test]
fn backends_of_upstreams_and_routes_stand_in_one_table() {
    let script = || {
        Fake::answering(vec![
            json("200 OK", r#"[{"name":"app","backends":[{"id":"n1","hostname":"a","port":1}]}]"#),
            json("200 OK", r#"[{"id":"r","backends":[{"id":"n2","hostname":"b","port":2}]}]"#),
        ])
    };
    let listed = stdout(&ctl(&script(), &["backends", "list"]));
    assert!(listed.contains("\napp      n1  a:1") && listed.contains("\nroute r  n2  b:2"), "{listed}");
    let value: Value =
        serde_json::from_str(&stdout(&ctl(&script(), &["backends", "list", "--json"]))).unwrap();
    assert_eq!((&value["upstreams"][0]["name"], &value["routes"][0]["id"]), (&json!("app"), &json!("r")));
}

#[test]
fn the_environment_and_the_configuration_lead_to_the_proxy() {
    let health = || json("200 OK", r#"{"status":"UP"}"#);
    let fake = Fake::answering(vec![health(), health(), health(), health()]);
    let run = |command: &mut std::process::Command| check(&command.output().unwrap(), 0, "status  UP\n", "");
    run(proxyd(&["ctl", "health"]).env("PROXYD_ADMIN", fake.address()));
    let configuration = file(&format!("admin: {{ address: \"{}\" }}\nroutes: [nonsense]", fake.address()));
    run(proxyd(&["ctl", "health"]).env("PROXYD_CONFIG", configuration.path()));
    run(&mut proxyd(&["ctl", "health", "--config", configuration.path().to_str().unwrap()]));
    run(proxyd(&["ctl", "health"]).env("RUNTIME_DIRECTORY", fake.path().parent().unwrap()));
}

#[test]
fn a_token_is_sent_and_never_shown() {
    let refused = || problem("401 Unauthorized", r#"{"code":"unauthorized","detail":"no such token"}"#);
    let fake = Fake::answering(vec![refused(), refused()]);
    let directory = tempfile::tempdir().unwrap();
    let token = directory.path().join("token");
    fs::write(&token, "tok-en\n").unwrap();
    let arguments = ["ctl", "--address", &fake.address(), "health", "--token-file", token.to_str().unwrap()];
    for command in [&mut proxyd(&arguments), proxyd(&arguments[..4]).env("PROXYD_TOKEN", "tok-en")] {
        let told = command.output().unwrap();
        assert_eq!(told.status.code(), Some(1));
        assert!(stderr(&told).contains("--token-file or $PROXYD_TOKEN") && !stderr(&told).contains("tok-en"));
    }
    assert!(fake.asked().iter().all(|asked| asked.field("authorization") == Some("Bearer tok-en")));
}

#[test]
fn events_come_line_by_line_until_the_stream_ends() {
    let stream = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n: hello\n\n\
        event: request.completed\nid: 1\ndata: {\"at\":\"10:00\",\"status\":200}\n\nevent: lost\ndata: {\"count\":3}\n\n";
    let last = || Reply::Last(stream.as_bytes().to_vec());
    let fake = Fake::answering(vec![last(), last()]);
    let ended = "proxyd ctl: the stream of events has ended: the proxy ended it\n";
    let told = ctl(&fake, &["events", "--types", "request.completed,lost"]);
    check(&told, 1, "10:00  request.completed  status=200\nlost  count=3\n", ended);
    let lines = stdout(&ctl(&fake, &["events", "--json"]));
    let values: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        values[0],
        json!({ "event": "request.completed", "id": "1", "data": { "at": "10:00", "status": 200 } })
    );
    assert_eq!(values[1]["event"], "lost");
    assert_eq!(fake.lines()[0], "GET /api/v1/events?types=request.completed%2Clost");
}

#[test]
fn no_proxy_is_told_with_every_place_and_the_way_out() {
    let told = output(&["ctl", "health"]);
    assert_eq!(told.status.code(), Some(1));
    for part in [
        "no proxy was found",
        "$PROXYD_ADMIN is not set",
        "there is no configuration",
        "/run/proxyd/admin.sock",
        "--address",
    ] {
        assert!(stderr(&told).contains(part), "{part} in {}", stderr(&told));
    }
    let told = output(&["ctl", "health", "--address", "unix:/nowhere/admin.sock"]);
    assert_eq!(told.status.code(), Some(1));
    assert!(stderr(&told).contains("does the proxy run?"), "{}", stderr(&told));
}

#[test]
fn a_proxy_that_is_silent_is_given_up() {
    let told = ctl(&Fake::answering(vec![Reply::Silence]), &["routes", "--timeout", "50ms"]);
    assert_eq!(told.status.code(), Some(1));
    assert!(stderr(&told).contains("within 50ms"), "{}", stderr(&told));
}

#[test]
fn what_is_no_api_is_told() {
    let fake = Fake::answering(vec![json("200 OK", "<html>"), json("404 Not Found", "<html>\u{1b}[2J")]);
    let told = ctl(&fake, &["routes"]);
    assert_eq!(told.status.code(), Some(1));
    assert!(stderr(&told).contains("is not JSON"), "{}", stderr(&told));
    check(&ctl(&fake, &["routes"]), 1, "", "proxyd ctl: 404 Not Found: <html>\\u{1b}[2J\n");
}

#[test]
fn a_wrong_command_line_ends_with_2_and_asks_nobody() {
    for arguments in [
        &["ctl"][..],
        &["ctl", "nonsense"],
        &["ctl", "drain", "a", "--address", "unix:/a"],
        &["ctl", "backends", "add", "a", "b", "--address", "unix:/a"],
        &["ctl", "apply", "-f", "x", "--confirm", "0s"],
    ] {
        let told = output(arguments);
        assert_eq!(told.status.code(), Some(2), "{arguments:?}: {}", stderr(&told));
    }
}
