//! How long it takes to change one object among ten thousand routes: `cargo run --release -p proxyd-config --example changes`.
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use config::{Errors, Key, Kind, Loaded, Object, Surroundings};
use serde_json::json;
use std::{
    fmt::Write,
    time::{Duration, Instant},
};

const ROUTES: usize = 10_000;

fn main() -> Result<(), Errors> {
    let text = text();
    let surroundings = Surroundings::of_process();
    let before = config::parse(&text, "proxyd.yaml")?;
    let object = |kind, id, value: &serde_json::Value| {
        Object::from_json(Key::new(kind, id), value, "request", &|_| None)
    };
    let route = object(Kind::Route, "h77.test/api/*", &json!({ "vHost": "h77.test", "upstream": "u3" }))?;
    let new = object(Kind::Route, "new", &json!({ "vHost": "new.test", "upstream": "u3" }))?;
    let upstream = object(Kind::Upstream, "u3", &json!({ "url": "h" }))?;
    let wrong = object(Kind::Route, "new", &json!({ "upstream": "nobody" }))?;
    let gone = [Key::new(Kind::Route, "h5000.test/api/*")];

    tell("parse", || config::parse(&text, "proxyd.yaml").is_ok());
    tell("assemble", || Loaded::assemble(before.objects().to_vec(), &surroundings).is_ok());
    tell("put a route", || before.with(vec![route.clone()], &[], &surroundings).is_ok());
    tell("add a route", || before.with(vec![new.clone()], &[], &surroundings).is_ok());
    tell("remove a route", || before.with(Vec::new(), &gone, &surroundings).is_ok());
    tell("put an upstream", || before.with(vec![upstream.clone()], &[], &surroundings).is_ok());
    tell("refuse a route", || before.with(vec![wrong.clone()], &[], &surroundings).is_err());
    tell("warnings", || before.warnings().is_empty());
    tell("not built", || before.not_built().is_empty());
    Ok(())
}

fn text() -> String {
    let mut text = String::from("upstreams:\n");
    for number in 0..100 {
        // Nothing fails to be written into a text.
        let _ = writeln!(text, "  - {{ name: u{number}, url: \"http://10.0.0.1:80\" }}");
    }
    text.push_str("routes:\n");
    for number in 0..ROUTES {
        let upstream = number % 100;
        let _ = writeln!(text, "  - vHost: h{number}.test\n    path: /api/*\n    upstream: u{upstream}");
    }
    text
}

/// The best of several runs.
fn tell(what: &str, mut run: impl FnMut() -> bool) {
    let mut best = Duration::MAX;
    let mut is_right = true;
    for _ in 0..30 {
        let start = Instant::now();
        is_right &= run();
        best = best.min(start.elapsed());
    }
    println!("{what:16} {best:?}{}", if is_right { "" } else { ", WRONG" });
}
