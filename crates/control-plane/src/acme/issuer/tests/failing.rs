//! What goes wrong.

use std::time::Duration;

use proxy_core::events::{Event, Interest};

use super::super::super::settings::ChallengeKind;
use super::super::super::status::DomainState::{Failed, Issued, Ordered};
use super::authority::{DAY, Reply};
use super::rig::{Rig, WallClock, soon};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn an_authority_that_is_asked_too_often_says_when_to_come_again() {
    let rig = Rig::new(&["a.example"]).await;
    rig.authority.say("/order", Reply::problem(429, "rateLimited").with("retry-after", "10800"));
    let mut told = rig.events.subscribe(Interest::ALL, 8).unwrap();
    let mut running = rig.start();
    running.until_is("a.example", Failed).await;
    let Event::CertificateFailed(failed) = told.recv().await else { panic!("it has failed") };
    assert_eq!((&*failed.id, failed.is_served), ("acme:a.example", false));
    assert_eq!(failed.error, "urn:ietf:params:acme:error:rateLimited: the test says so");
    let status = running.of("a.example").unwrap();
    let error = status.last_error.unwrap();
    assert_eq!(error.problem.as_deref(), Some("urn:ietf:params:acme:error:rateLimited"));
    assert_eq!((error.detail.as_str(), error.at), ("the test says so", WallClock::begin()));
    assert_eq!(rig.move_to_next(&running, "a.example"), 180 * MINUTE);
    running.until_is("a.example", Issued).await;
    let Event::CertificateReplaced(issued) = told.recv().await else { panic!("it is issued") };
    assert_eq!(
        (&*issued.id, Some(&issued.fingerprint)),
        ("acme:a.example", rig.served("a.example").as_ref())
    );
    assert_eq!(rig.authority.asked("/account"), 1, "the account was kept");
    running.stop().await;
}

#[tokio::test]
async fn nonces_that_are_refused_cost_nothing() {
    let rig = Rig::new(&["a.example"]).await;
    for path in ["/account", "/order", "/authz", "/challenge", "/finalize", "/certificate"] {
        for _ in 0..5 {
            rig.authority.say(path, Reply::problem(400, "badNonce"));
        }
    }
    let mut running = rig.start();
    running.until_is("a.example", Issued).await;
    assert_eq!(rig.authority.orders().len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn an_authority_that_refuses_every_nonce_is_left_alone_for_a_while() {
    let rig = Rig::new(&["a.example"]).await;
    for _ in 0..12 {
        rig.authority.say("/order", Reply::problem(400, "badNonce"));
    }
    let mut running = rig.start();
    running.until_is("a.example", Failed).await;
    assert_eq!(rig.authority.asked("/order"), 12);
    assert_eq!(rig.move_to_next(&running, "a.example"), MINUTE);
    running.until_is("a.example", Issued).await;
    running.stop().await;
}

#[tokio::test]
async fn an_authority_that_is_away_is_asked_by_one_name_and_then_all_are_issued() {
    let names = ["a.example", "b.example", "c.example"];
    let rig = Rig::new(&names).await;
    rig.authority.say("/dir", Reply::Answer { status: 502, fields: Vec::new(), body: "<html>".into() });
    rig.authority.say("/dir", Reply::json(503, &serde_json::json!({})).with("retry-after", "7200"));
    let mut running = rig.start();
    running.until(|status| status.list().iter().any(|of| of.state == Failed)).await;
    let failed = running.status.list().into_iter().find(|status| status.state == Failed).unwrap();
    assert_eq!(failed.last_error.unwrap().detail, "the authority answers with status 502");
    assert_eq!(rig.authority.asked("/"), 1);
    rig.move_to_next(&running, &failed.domain);
    running.until(|_| rig.authority.asked("/dir") == 2).await;
    running.until(|status| status.list().iter().all(|of| of.state != Ordered)).await;
    assert_eq!(rig.move_to_next(&running, "a.example"), 120 * MINUTE, "as it says itself");
    running.until(|_| rig.certificates.list().len() == names.len()).await;
    assert_eq!(rig.authority.orders().len(), names.len(), "no order was in vain");
    running.stop().await;
}

#[tokio::test]
async fn a_name_that_cannot_be_shown_to_be_ours_is_tried_again_at_growing_distances() {
    let rig = Rig::new(&["a.example"]).await;
    *rig.tokens.is_broken.lock().unwrap() = true;
    let mut running = rig.start();
    for (number, most) in [(1, 1), (2, 2), (3, 4), (4, 8)] {
        running
            .until(|status| {
                let is_failed = status.list().first().is_some_and(|of| of.state == Failed);
                is_failed && rig.authority.orders().len() == number
            })
            .await;
        let error = running.of("a.example").unwrap().last_error.unwrap();
        assert_eq!(error.problem.as_deref(), Some("urn:ietf:params:acme:error:unauthorized"));
        assert_eq!(error.detail, "no answer");
        let wait = rig.move_to_next(&running, "a.example");
        assert!(wait <= most * MINUTE && wait >= most * MINUTE * 3 / 4, "{number}: {wait:?}");
    }
    *rig.tokens.is_broken.lock().unwrap() = false;
    running.until(|_| rig.authority.orders().len() == 5).await;
    running.until(|status| status.list()[0].state != Ordered).await;
    if running.of("a.example").unwrap().state == Failed {
        rig.move_to_next(&running, "a.example");
    }
    running.until_is("a.example", Issued).await;
    assert_eq!(running.of("a.example").unwrap().last_error, None);
    running.stop().await;
}

#[tokio::test]
async fn where_one_challenge_fails_the_next_is_tried_in_an_order_of_its_own() {
    let mut rig = Rig::new(&["a.example"]).await;
    *rig.tokens.is_broken.lock().unwrap() = true;
    rig.settings.challenges = vec![ChallengeKind::Http01, ChallengeKind::TlsAlpn01];
    let mut running = rig.start();
    running.until_is("a.example", Issued).await;
    assert_eq!(rig.authority.orders().len(), 2);
    assert_eq!(rig.authority.asked("/challenge/1/http-01"), 1);
    assert_eq!(rig.authority.asked("/challenge/2/tls-alpn-01"), 1);
    running.stop().await;
}

#[tokio::test]
async fn what_cannot_be_served_is_not() {
    let rig = Rig::new(&["a.example"]).await;
    rig.authority.desk().issues_for = Some("b.example");
    let mut running = rig.start();
    running.until_is("a.example", Failed).await;
    let error = running.of("a.example").unwrap().last_error.unwrap();
    assert_eq!(error.detail, "what the authority issued cannot be served: it is for another name");
    assert!(rig.certificates.list().is_empty());
    running.stop().await;
}

#[tokio::test]
async fn an_order_that_is_given_up_leaves_no_answer_behind() {
    let rig = Rig::new(&["a.example"]).await;
    rig.authority.say("/challenge", Reply::Never);
    let mut running = rig.start();
    running.until(|_| rig.tokens.has("token-1")).await;
    running.run.abort();
    assert!(soon(running.run).await.unwrap_err().is_cancelled());
    assert!(rig.tokens.is_empty());
}

#[tokio::test]
async fn an_account_that_the_authority_has_lost_is_made_anew() {
    let rig = Rig::new(&["a.example"]).await;
    let mut running = rig.start();
    running.until_is("a.example", Issued).await;
    rig.authority.forget_accounts();
    running.domains.set(["a.example", "b.example"]);
    running.until_is("b.example", Issued).await;
    assert_eq!(rig.authority.asked("/account"), 2);
    running.stop().await;
}

#[tokio::test]
async fn an_authority_that_leads_to_where_others_listen_is_not_followed() {
    let rig = Rig::new(&["a.example"]).await;
    let directory = serde_json::json!({
        "newNonce": "http://authority.example/nonce", "newAccount": "x", "newOrder": "x",
    });
    rig.authority.say("/dir", Reply::json(200, &directory));
    let mut running = rig.start();
    running.until_is("a.example", Failed).await;
    let error = running.of("a.example").unwrap().last_error.unwrap();
    assert_eq!(error.detail, "\"http://authority.example/nonce\" is not asked, since it is not HTTPS");
    running.stop().await;
}

#[tokio::test]
async fn where_nothing_can_be_kept_nothing_is_ordered() {
    let rig = Rig::new(&["a.example"]).await;
    std::fs::write(rig.state.path().join("acme"), "in the way").unwrap();
    let mut running = rig.start();
    rig.clock.advance(DAY);
    std::fs::remove_file(rig.state.path().join("acme")).unwrap();
    rig.clock.advance(DAY);
    running.until_is("a.example", Issued).await;
    assert_eq!(rig.authority.orders().len(), 1);
    running.stop().await;
}
