//! Certificates in the course of time.

use std::time::SystemTime;

use serde_json::Value;

use super::super::super::status::DomainState::{Issued, Ordered};
use super::super::super::status::Status;
use super::authority::{DAY, Reply};
use super::rig::{Rig, WallClock};

/// When the next order of the first name is due.
fn next(status: &Status) -> Option<SystemTime> {
    status.list().first()?.next_attempt
}

#[tokio::test]
async fn a_certificate_is_renewed_when_a_third_of_its_life_is_left_and_served_until_then() {
    let rig = Rig::new(&["a.example"]).await;
    let mut running = rig.start();
    running.until_is("a.example", Issued).await;
    let first = rig.served("a.example").unwrap();
    let until = running.of("a.example").unwrap().not_after.unwrap();
    assert_eq!(until, WallClock::begin() + 90 * DAY - DAY / 24);

    let next = running.of("a.example").unwrap().next_attempt.unwrap();
    let left = until.duration_since(next).unwrap();
    assert!(left >= 30 * DAY && left <= 33 * DAY, "{left:?}");
    rig.authority.say("/order", Reply::Never);
    let asked = rig.authority.asked("/order");
    rig.clock.set(next - DAY / 24);
    rig.clock.set(next);
    running.until_is("a.example", Ordered).await;
    running.until(|_| rig.authority.asked("/order") > asked).await;
    assert_eq!(rig.served("a.example").as_ref(), Some(&first), "it is served meanwhile");
    running.stop().await;

    let mut running = rig.start();
    running.until(|_| rig.served("a.example").is_some_and(|served| served != first)).await;
    running.until_is("a.example", Issued).await;
    assert_eq!(rig.authority.orders().len(), 2);
    assert!(rig.tokens.is_empty());
    running.stop().await;
}

#[tokio::test]
async fn a_certificate_is_renewed_within_the_window_of_the_authority_which_is_told() {
    let rig = Rig::new(&["a.example"]).await;
    rig.authority.desk().window = Some(("2030-01-20T00:00:00Z", "2030-01-21T00:00:00.5Z"));
    let mut running = rig.start();
    let begin = WallClock::begin() + 19 * DAY;
    running.until(|status| next(status).is_some_and(|next| next >= begin && next <= begin + DAY)).await;
    let first = rig.served("a.example").unwrap();
    rig.move_to_next(&running, "a.example");
    running.until(|_| rig.served("a.example").is_some_and(|served| served != first)).await;
    let orders = rig.authority.orders();
    assert_eq!(orders[0].1, Value::Null);
    let replaces = orders[1].1.as_str().unwrap();
    let asked = rig
        .authority
        .desk()
        .asked
        .iter()
        .find_map(|(path, _)| Some(path.strip_prefix("/renewal/")?.to_owned()));
    assert_eq!(asked.as_deref(), Some(replaces), "what was asked about is what is replaced");
    running.stop().await;
}

#[tokio::test]
async fn a_certificate_that_will_be_revoked_is_renewed_as_soon_as_that_is_known() {
    let rig = Rig::new(&["a.example"]).await;
    rig.authority.desk().window = Some(("2030-02-20T00:00:00Z", "2030-02-21T00:00:00Z"));
    let mut running = rig.start();
    let expected = WallClock::begin() + 50 * DAY;
    running.until(|status| next(status).is_some_and(|next| next >= expected && next <= expected + DAY)).await;
    let first = rig.served("a.example").unwrap();
    rig.authority.desk().window = Some(("2029-12-20T00:00:00Z", "2029-12-21T00:00:00Z"));
    rig.clock.advance(DAY / 4);
    running.until(|_| rig.served("a.example").is_some_and(|served| served != first)).await;
    // Nor is the new one renewed at once, though the window says so.
    running.until(|_| rig.authority.asked("/renewal/") >= 3).await;
    running.until(|status| status.list().iter().all(|status| status.state == Issued)).await;
    let next = running.of("a.example").unwrap().next_attempt.unwrap();
    assert!(next >= WallClock::begin() + DAY / 4 + DAY / 5, "{next:?}");
    assert_eq!(rig.authority.orders().len(), 2);
    running.stop().await;
}

#[tokio::test]
async fn an_authority_that_will_not_have_it_replaced_issues_all_the_same() {
    for refusal in [
        Reply::problem(409, "alreadyReplaced"),
        // It takes the order, and is silent of what is replaced.
        Reply::json(201, &serde_json::json!({ "status": "pending", "authorizations": [], "finalize": "" })),
    ] {
        let rig = Rig::new(&["a.example"]).await;
        rig.authority.desk().window = Some(("2030-01-20T00:00:00Z", "2030-01-21T00:00:00Z"));
        let mut running = rig.start();
        running.until(|status| next(status).is_some_and(|next| next < WallClock::begin() + 30 * DAY)).await;
        let first = rig.served("a.example").unwrap();
        rig.authority.say("/order", refusal);
        rig.move_to_next(&running, "a.example");
        running.until(|_| rig.served("a.example").is_some_and(|served| served != first)).await;
        assert_eq!(rig.authority.orders().last().unwrap().1, Value::Null);
        running.stop().await;
    }
}

#[tokio::test]
async fn what_is_on_the_disk_and_corrupt_is_issued_anew() {
    let rig = Rig::new(&["a.example"]).await;
    let mut running = rig.start();
    running.until_is("a.example", Issued).await;
    running.stop().await;
    let acme = rig.state.path().join("acme");
    let folder =
        std::fs::read_dir(&acme).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir());
    let file = folder.unwrap().join("certificates/a.example.pem");
    std::fs::write(&file, "half a fi").unwrap();
    let mut running = rig.start();
    running.until(|_| rig.authority.orders().len() == 2).await;
    running.until_is("a.example", Issued).await;
    let aside = file.with_file_name("a.example.pem.corrupt-1");
    assert_eq!(std::fs::read_to_string(aside).unwrap(), "half a fi");
    running.stop().await;
}

#[tokio::test]
async fn a_certificate_whose_time_is_over_is_issued_anew() {
    let rig = Rig::new(&["a.example"]).await;
    let mut running = rig.start();
    running.until_is("a.example", Issued).await;
    running.stop().await;
    let first = rig.served("a.example");
    rig.clock.advance(100 * DAY);
    let mut running = rig.start();
    running.until(|_| rig.served("a.example") != first).await;
    running.stop().await;
}
