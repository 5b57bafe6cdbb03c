//! One change among ten thousand routes.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use harness::{Connection, Home, Proxyd};
use serde_json::json;

use crate::it::caller::Caller;

const ROUTES: usize = 10_000;
const CHANGES: usize = 40;

/// What it takes is printed: it depends upon the machine and the build.
#[test]
fn one_of_ten_thousand_routes_is_changed_and_served_at_once() {
    let home = Home::new();
    let mut text = String::from(
        "proxy: { workers: 1 }\nlisteners: [{ address: 127.0.0.1:0 }]\n\
         admin: { rateLimit: { max: 1000000, windowMs: 1000 } }\nroutes:\n",
    );
    for number in 0..ROUTES {
        let _ = writeln!(text, "- {{ id: r{number}, vHost: h{number}.test, respond: {{ body: \"0\" }} }}");
    }
    home.write(&text);
    let began = Instant::now();
    let proxyd = Proxyd::start_at(&home);
    println!("started in {:?}", began.elapsed());
    let (mut caller, mut client) = (Caller::of(&home), Connection::to(&proxyd.address()));
    let mut said = |number: usize| {
        client.ask(format!("GET / HTTP/1.1\r\nHost: h{number}.test\r\n\r\n"));
        client.response().unwrap().text()
    };
    let mut took = Vec::new();
    for change in 1..=CHANGES {
        let number = change * 7919 % ROUTES;
        let route = json!({ "vHost": format!("h{number}.test"), "respond": { "body": change.to_string() } });
        let began = Instant::now();
        let answer = caller.ask("PUT", &format!("/routes/r{number}"), &[], Some(&route));
        took.push(began.elapsed());
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(said(number), change.to_string());
        assert_eq!(said((number + 1) % ROUTES), "0");
    }
    took.sort_unstable();
    let at = |share: usize| took.get((took.len() * share / 100).min(took.len() - 1)).copied();
    let [p50, p99, max] = [50, 99, 100].map(|share| at(share).unwrap_or(Duration::ZERO));
    println!("PUT of one of {ROUTES} routes: p50 {p50:?}, p99 {p99:?}, max {max:?}");
}
