//! Names that the operator and clients come up with while it runs.

use futures_util::future::join_all;

use super::super::super::on_demand::ObtainError;
use super::super::super::status::DomainState::Issued;
use super::authority::{DAY, Reply};
use super::rig::{Rig, soon};

async fn on_demand() -> Rig {
    let mut rig = Rig::new(&[]).await;
    rig.settings.ask = Some(rig.authority.url("/may"));
    rig
}

#[tokio::test]
async fn however_many_clients_want_a_name_it_is_asked_for_and_ordered_once() {
    let rig = on_demand().await;
    let running = rig.start();
    let on_demand = running.on_demand.clone().unwrap();
    let all = soon(join_all((0..20).map(|_| on_demand.obtain("A.example.")))).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    assert!(rig.certificates.has("a.example"));
    assert_eq!(rig.authority.asked("/may?domain=a.example"), 1);
    assert_eq!(rig.authority.orders().len(), 1);
    soon(on_demand.obtain("a.example")).await.unwrap();
    assert_eq!(rig.authority.asked("/may"), 1, "there is a certificate");
    running.stop().await;
}

#[tokio::test]
async fn what_the_operator_does_not_permit_is_asked_once_a_minute() {
    let rig = on_demand().await;
    rig.authority.desk().permits = false;
    let running = rig.start();
    let on_demand = running.on_demand.clone().unwrap();
    for _ in 0..3 {
        // A redirect is no yes, wherever it leads.
        assert_eq!(soon(on_demand.obtain("a.example")).await, Err(ObtainError::Denied));
    }
    assert_eq!(rig.authority.asked("/may"), 1);
    rig.authority.desk().permits = true;
    rig.clock.advance(DAY / 24 / 60);
    soon(on_demand.obtain("a.example")).await.unwrap();
    running.stop().await;
}

#[tokio::test]
async fn nothing_is_ordered_where_nobody_answers_whether_it_may_be() {
    let mut rig = on_demand().await;
    rig.settings.ask = Some("http://127.0.0.1:1/may".into());
    let running = rig.start();
    let refused = soon(running.on_demand.clone().unwrap().obtain("a.example")).await;
    assert_eq!(refused, Err(ObtainError::Unanswered));
    assert_eq!(rig.authority.asked("/"), 0);
    running.stop().await;
}

#[tokio::test]
async fn what_is_no_name_is_not_even_asked_for() {
    let rig = on_demand().await;
    let running = rig.start();
    for name in ["127.0.0.1", "localhost", "*.example.com", "a b.example", ""] {
        let refused = running.on_demand.clone().unwrap().obtain(name).await;
        assert_eq!(refused, Err(ObtainError::Name), "{name}");
    }
    assert_eq!(rig.authority.asked("/"), 0);
    running.stop().await;
    let mut rig = Rig::new(&[]).await;
    rig.settings.ask = None;
    assert!(rig.start().on_demand.is_none(), "without anybody to ask there is nothing to obtain");
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_its_order_behind() {
    let rig = on_demand().await;
    let mut running = rig.start();
    let on_demand = running.on_demand.clone().unwrap();
    rig.authority.say("/may", Reply::json(200, &serde_json::Value::Null));
    let obtaining = tokio::spawn(async move { on_demand.obtain("a.example").await });
    running.until(|_| rig.authority.asked("/may") == 1).await;
    obtaining.abort();
    assert!(soon(obtaining).await.is_err());
    running.until_is("a.example", Issued).await;
    running.stop().await;
}

#[tokio::test]
async fn what_came_to_nothing_is_not_tried_again_at_once() {
    let rig = on_demand().await;
    *rig.tokens.is_broken.lock().unwrap() = true;
    let running = rig.start();
    let on_demand = running.on_demand.clone().unwrap();
    for _ in 0..3 {
        assert_eq!(soon(on_demand.obtain("a.example")).await, Err(ObtainError::Failed));
    }
    assert_eq!(rig.authority.orders().len(), 1);
    *rig.tokens.is_broken.lock().unwrap() = false;
    rig.clock.advance(DAY / 24 / 60);
    soon(on_demand.obtain("a.example")).await.unwrap();
    running.stop().await;
}

#[tokio::test]
async fn what_a_client_came_up_with_outlives_the_process_and_is_renewed_while_it_is_permitted() {
    let rig = on_demand().await;
    let running = rig.start();
    soon(running.on_demand.clone().unwrap().obtain("a.example")).await.unwrap();
    running.stop().await;

    let mut running = rig.start();
    running.until_is("a.example", Issued).await;
    let first = rig.served("a.example").unwrap();
    assert_eq!(rig.authority.asked("/may"), 1);
    running.until(|status| status.list()[0].next_attempt.is_some()).await;
    rig.move_to_next(&running, "a.example");
    running.until(|_| rig.served("a.example").is_some_and(|served| served != first)).await;
    assert_eq!(rig.authority.asked("/may"), 2);

    rig.authority.desk().permits = false;
    running.until_is("a.example", Issued).await;
    rig.move_to_next(&running, "a.example");
    running.until(|_| rig.authority.asked("/may") == 3).await;
    running.until(|status| status.list()[0].next_attempt.is_none() && status.list()[0].state == Issued).await;
    assert!(rig.certificates.has("a.example"), "it is served to its end");
    rig.clock.advance(90 * DAY);
    running.until(|status| status.list().is_empty()).await;
    assert!(!rig.certificates.has("a.example"));
    assert_eq!(rig.authority.orders().len(), 2);
    running.stop().await;
}

#[tokio::test]
async fn names_come_and_go() {
    let rig = Rig::new(&["a.example", "b.example", "c.example"]).await;
    let mut running = rig.start();
    running.until(|_| rig.certificates.list().len() == 3).await;
    let kept = rig.served("a.example");
    running.domains.set(["C.example."]);
    running.until(|_| rig.certificates.list().len() == 1).await;
    assert!(rig.certificates.has("c.example"));
    running.domains.set(["a.example", "*.example", "c.example"]);
    running.until_is("a.example", Issued).await;
    assert_eq!(rig.served("a.example"), kept, "it was on the disk");
    assert_eq!(rig.authority.orders().len(), 3);
    running.stop().await;
}
