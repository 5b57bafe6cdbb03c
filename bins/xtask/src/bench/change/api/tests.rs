use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::thread::{self, JoinHandle};

use serde_json::json;

use super::*;

/// An API that answers two calls on one connection, and gives back what was asked.
fn api(answer: &'static str) -> (tempfile::TempDir, Api, JoinHandle<String>) {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("admin.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let asked = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = String::new();
        for _ in 0..2 {
            let mut bytes = [0; 4_096];
            let received = stream.read(&mut bytes).unwrap();
            asked.push_str(std::str::from_utf8(&bytes[..received]).unwrap());
            let _ = stream.write_all(answer.as_bytes());
        }
        asked
    });
    let api = Api::open(&socket).unwrap();
    (folder, api, asked)
}

#[test]
fn calls_follow_each_other_on_one_connection() {
    let (_folder, mut api, asked) = api("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    api.call("PATCH", "/a", "application/merge-patch+json", &json!({ "b": 1 })).unwrap();
    api.call("PUT", "/c", "application/json", &json!({})).unwrap();
    let first = "PATCH /a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/merge-patch+json\r\n\
        Content-Length: 7\r\n\r\n{\"b\":1}";
    let second = "PUT /c HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
        Content-Length: 2\r\n\r\n{}";
    assert_eq!(asked.join().unwrap(), format!("{first}{second}"));
}

#[test]
fn a_change_that_is_refused_is_an_error_that_says_why() {
    let answer = "HTTP/1.1 409 Conflict\r\nContent-Length: 9\r\n\r\n{pending}";
    let (_folder, mut api, _asked) = api(answer);
    let error = api.call("PATCH", "/a", "application/json", &json!({})).unwrap_err();
    assert_eq!(error.to_string(), "PATCH /a is answered with 409: {pending}");
}
