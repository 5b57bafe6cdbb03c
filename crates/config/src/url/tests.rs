use super::*;

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(text.parse::<Url>().map(|url| url.to_string()), Ok(expected.into()), "{text}");
}

#[test]
fn a_url_names_one_backend() {
    check("http://localhost:8080", "http://localhost:8080");
    check("http://localhost", "http://localhost:80");
    check("HTTP://API.Example.com./", "http://api.example.com:80");
    check("https://api.example.com", "https://api.example.com:443");
    check("jsonplaceholder.typicode.com", "http://jsonplaceholder.typicode.com:80");
    check("localhost:9", "http://localhost:9");
    check("http://127.0.0.1:3000/", "http://127.0.0.1:3000");
    check("http://[::1]:3000", "http://[::1]:3000");
    check("[0:0::1]", "http://[::1]:80");
    check("unix:/run/app.sock", "unix:/run/app.sock");
}

#[test]
fn nothing_else_is_a_url() {
    let texts = [
        "",
        "http://",
        "http:///",
        "ftp://x",
        "http://x/y",
        "http://x?y",
        "http://x#y",
        "http://u@x",
        "http://u:p@x",
        "http://x:0",
        "http://x:65536",
        "http://x:",
        "http://x:a",
        "http://::1",
        "http://[::1",
        "http://x y",
        "unix:x",
        "unix:",
        "http://2130706433",
        "http://0x7f.1",
        "http://127.1",
        "http://ünicode",
    ];
    for text in texts {
        assert!(text.parse::<Url>().is_err(), "{text}");
    }
}
