//! A hundred writers at once, each of which changes what it has seen and nothing else.

use std::collections::BTreeSet;
use std::sync::Barrier;

use harness::{Answer, Home, Proxyd};
use serde_json::{Value, json};

use super::caller::Caller;

const CONNECTIONS: u64 = 20;
const WRITERS_OF_ONE: u64 = 5;
const ROUNDS: u64 = 8;
const FILE: &str = "\
proxy: { workers: 1 }
listeners: [{ address: 127.0.0.1:0 }]
state: { history: 1000 }
admin: { rateLimit: { max: 1000000, windowMs: 1000 } }
";

/// The counter and its tag.
fn counter(answer: &Answer) -> (u64, String) {
    let body = answer.body["respond"]["body"].as_str();
    let count = body.and_then(|text| text.split(' ').next()).and_then(|text| text.parse().ok());
    (count.unwrap_or_else(|| panic!("{answer:?}")), answer.field("etag"))
}

/// A route that says a count, and who has counted.
fn says(count: u64, by: &str) -> Value {
    json!({ "vHost": "a.test", "respond": { "status": 200, "body": format!("{count} {by}") } })
}

/// What the writers of one connection have counted, in which revisions.
fn count(home: &Home, connection: u64, all: &Barrier) -> Vec<u64> {
    let mut caller = Caller::of(home);
    let mut counted = Vec::new();
    for round in 0..ROUNDS {
        let seen: Vec<_> = (0..WRITERS_OF_ONE).map(|_| counter(&caller.get("/routes/counter"))).collect();
        all.wait();
        for (writer, (count, tag)) in (0..).zip(seen) {
            let route = says(count + 1, &format!("{connection} {writer} {round}"));
            let answer = caller.ask("PUT", "/routes/counter", &[("If-Match", &tag)], Some(&route));
            match answer.status {
                200 => counted.push(count + 1),
                412 => assert_ne!(answer.field("etag"), tag),
                _ => panic!("{answer:?}"),
            }
        }
        all.wait();
    }
    // Until all have counted, whatever the others do.
    for writer in 0..WRITERS_OF_ONE {
        loop {
            let (count, tag) = counter(&caller.get("/routes/counter"));
            let route = says(count + 1, &format!("{connection} {writer} last"));
            let answer = caller.ask("PUT", "/routes/counter", &[("If-Match", &tag)], Some(&route));
            if answer.status == 200 {
                counted.push(count + 1);
                break;
            }
            assert_eq!(answer.status, 412, "{answer:?}");
        }
    }
    counted
}

#[test]
fn a_hundred_writers_lose_no_change_and_make_none_twice() {
    let home = Home::new();
    home.write(FILE);
    let proxyd = Proxyd::start_at(&home);
    let mut caller = Caller::of(&home);
    assert_eq!(caller.ask("PUT", "/routes/counter", &[], Some(&says(0, "none"))).status, 201);
    let (first, all) = (caller.revision(), Barrier::new(CONNECTIONS as usize));
    let counted: Vec<u64> = std::thread::scope(|scope| {
        let (home, all) = (&home, &all);
        let running: Vec<_> =
            (0..CONNECTIONS).map(|connection| scope.spawn(move || count(home, connection, all))).collect();
        running.into_iter().flat_map(|running| running.join().unwrap()).collect()
    });
    let acknowledged = counted.len() as u64;
    assert!(acknowledged >= CONNECTIONS * WRITERS_OF_ONE + ROUNDS, "{acknowledged}");
    // Each number was counted by one writer.
    assert_eq!(counted.iter().copied().collect::<BTreeSet<_>>(), (1..=acknowledged).collect());
    assert_eq!(counter(&caller.get("/routes/counter")).0, acknowledged);
    check_history(&mut caller, &proxyd, first, acknowledged);
    let last = caller.revision();
    proxyd.kill();
    let proxyd = Proxyd::start_at(&home);
    let mut caller = Caller::of(&home);
    assert_eq!(caller.revision(), last);
    assert_eq!(counter(&caller.get("/routes/counter")).0, acknowledged);
    assert_eq!(proxyd.get("/").text().split(' ').next(), Some(acknowledged.to_string().as_str()));
}

/// Each change is in the history once, and in the audit log once.
#[track_caller]
fn check_history(caller: &mut Caller, proxyd: &Proxyd, first: u64, acknowledged: u64) {
    let told = caller.get("/revisions").body;
    let of_counter = |one: &&Value| one["what"] == "write" && one["changes"][0]["id"] == "counter";
    let revisions = told.as_array().unwrap().iter().filter(of_counter);
    let numbers: Vec<u64> = revisions.map(|one| one["revision"].as_u64().unwrap()).collect();
    let made: Vec<u64> = numbers.iter().copied().filter(|number| *number > first).collect();
    assert_eq!(made.len() as u64, acknowledged);
    assert!(made.is_sorted_by(|a, b| a > b), "{made:?}");
    // The last line of all may still be under way.
    proxyd.log().wait_for("\"target\":\"proxyd::audit\"", 1);
    let in_audit = |number: &u64| {
        let text = format!("\"revision\":{number},");
        let lines = proxyd.log().lines();
        lines.iter().filter(|line| line.contains("proxyd::audit") && line.contains(&text)).count()
    };
    for number in &made {
        proxyd.log().wait_for(&format!("\"revision\":{number},"), 2);
        assert_eq!(in_audit(number), 1, "{number}");
    }
}
