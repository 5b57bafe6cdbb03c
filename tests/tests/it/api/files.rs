//! The file, which is followed while the proxy runs.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Mutex;
use std::sync::mpsc;

use harness::{Backend, Home, Proxyd};
use serde_json::json;

use super::{ask, document, get, until, upstream};

const REFUSED: &str = "the file cannot be served";

fn says(body: &str) -> String {
    document(&format!("routes: [{{ id: r, vHost: a.test, respond: {{ status: 200, body: {body} }} }}]\n"))
}

fn proxy(body: &str) -> (Home, Proxyd) {
    let home = Home::new();
    home.write(&says(body));
    let proxyd = Proxyd::start_at(&home);
    (home, proxyd)
}

#[track_caller]
fn wait_for(proxyd: &Proxyd, body: &str) {
    until(body, || proxyd.get("/").text() == body);
}

/// Also one that was written before the proxy began to follow it.
#[test]
fn a_file_that_changes_is_served_without_a_word() {
    let (home, proxyd) = proxy("one");
    assert_eq!(proxyd.get("/").text(), "one");
    for body in ["two", "three"] {
        home.write(&says(body));
        wait_for(&proxyd, body);
    }
    let newest = &proxyd.api().get("/revisions?limit=1").body[0];
    assert_eq!((&newest["what"], &newest["by"]), (&json!("file"), &json!("file")));
    // As editors do that write in place.
    fs::write(home.file(), says("four")).unwrap();
    wait_for(&proxyd, "four");
}

#[test]
fn a_signal_has_the_file_read_at_once() {
    let (home, proxyd) = proxy("one");
    home.write(&says("two"));
    proxyd.hang_up();
    proxyd.log().wait_for("\"another document is served\"", 1);
    assert_eq!(proxyd.get("/").text(), "two");
    proxyd.hang_up();
    proxyd.log().wait_for("says what is served already", 1);
    home.write(&says("three"));
    proxyd.api().post("/reload", &json!({})).is(200);
    assert_eq!(proxyd.get("/").text(), "three");
}

#[test]
fn a_wrong_file_is_told_with_all_that_is_wrong_and_the_former_one_is_served_on() {
    let (home, proxyd) = proxy("one");
    let mut client = proxyd.connect();
    let wrong = "routes: [{ vHost: a.test, upstream: none }, { path: 1, pathh: 2, respond: {} }]\n";
    home.write(&document(wrong));
    proxyd.log().wait_for(REFUSED, 1);
    let log = proxyd.log().lines().join("\n");
    assert!(log.contains("proxyd.yaml:3:"), "{log}");
    assert!(log.contains("pathh") && log.contains("there is no upstream"), "{log}");
    assert_eq!(ask(&mut client, "a.test").text(), "one");
    // It is told once, and again where somebody asks for it.
    proxyd.hang_up();
    proxyd.log().wait_for(REFUSED, 2);
    let refused = proxyd.api().post("/reload", &json!({})).refuses(422, "invalid");
    assert!(refused.body["errors"].as_array().unwrap().len() >= 2, "{:#}", refused.body);
    // The API goes on, and what it says is served.
    let route = json!({ "vHost": "b.test", "respond": { "status": 200, "body": "b" } });
    proxyd.api().post("/routes", &route).is(201);
    assert_eq!(ask(&mut client, "b.test").text(), "b");
    home.write(&says("two"));
    wait_for(&proxyd, "two");
    assert_eq!(ask(&mut client, "b.test").text(), "b");
}

#[test]
fn what_needs_a_restart_is_told_and_changes_nothing() {
    let (home, proxyd) = proxy("one");
    home.write(&says("two").replace("workers: 1", "workers: 3"));
    let line = proxyd.log().wait_for(REFUSED, 1);
    assert!(line.contains("cannot change while"), "{line}");
    assert_eq!(proxyd.get("/").text(), "one");
    proxyd.api().post("/reload", &json!({})).refuses(409, "needs_restart");
}

#[test]
fn a_file_that_is_half_there_is_passed_over() {
    let (home, proxyd) = proxy("one");
    let text = says("two");
    for end in [0, text.len() / 3, text.len() - 4] {
        let refused = proxyd.log().lines().iter().filter(|line| line.contains(REFUSED)).count();
        fs::write(home.file(), &text[..end]).unwrap();
        proxyd.log().wait_for(REFUSED, refused + 1);
        assert_eq!(proxyd.get("/").text(), "one", "{end}");
    }
    fs::write(home.file(), &text).unwrap();
    wait_for(&proxyd, "two");
}

#[test]
fn a_file_that_is_gone_is_served_on_and_followed_once_it_is_back() {
    let (home, proxyd) = proxy("one");
    fs::remove_file(home.file()).unwrap();
    proxyd.hang_up();
    proxyd.log().wait_for(REFUSED, 1);
    assert_eq!(proxyd.get("/").text(), "one");
    home.write(&says("two"));
    wait_for(&proxyd, "two");
}

/// As configurations are mounted into containers: the file is a link through a link to a folder that is led elsewhere.
#[test]
fn a_link_that_is_led_elsewhere_is_followed() {
    let home = Home::new();
    let folder = home.file().parent().unwrap().to_owned();
    for (number, body) in ["one", "two", "three"].iter().enumerate() {
        fs::create_dir(folder.join(number.to_string())).unwrap();
        fs::write(folder.join(format!("{number}/proxyd.yaml")), says(body)).unwrap();
    }
    symlink("0", folder.join("now")).unwrap();
    symlink("now/proxyd.yaml", home.file()).unwrap();
    let proxyd = Proxyd::start_at(&home);
    assert_eq!(proxyd.get("/").text(), "one");
    for (number, body) in [(1, "two"), (2, "three"), (0, "one")] {
        symlink(number.to_string(), folder.join("next")).unwrap();
        fs::rename(folder.join("next"), folder.join("now")).unwrap();
        wait_for(&proxyd, body);
    }
}

#[test]
fn requests_in_flight_and_connections_outlive_a_change_of_the_file() {
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let slow = Backend::start(move |session| {
        while session.request().is_ok() {
            session.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nol");
            if released.lock().unwrap().recv().is_err() {
                return;
            }
            session.send("d!");
        }
    });
    let home = Home::new();
    let routes =
        "routes: [{ id: r, vHost: a.test, upstream: app }, { vHost: b.test, respond: { body: b } }]\n";
    home.write(&document(&format!("{}{routes}", upstream("app", &[&slow]))));
    let proxyd = Proxyd::start_at(&home);
    let (mut idle, mut under_way) = (proxyd.connect(), proxyd.connect());
    assert_eq!(ask(&mut idle, "b.test").text(), "b");
    under_way.ask(get("a.test"));
    slow.wait_for(1);
    // Route and upstream are gone.
    home.write(&says("new"));
    until("the file is not served", || ask(&mut idle, "b.test").status() == 404);
    assert_eq!(ask(&mut idle, "a.test").text(), "new");
    release.send(()).unwrap();
    let answer = under_way.response().unwrap();
    assert_eq!((answer.status(), answer.text().as_str(), answer.closes()), (200, "old!", false));
    assert_eq!(ask(&mut under_way, "a.test").text(), "new");
}
