//! Several that share a directory.

use super::super::super::on_demand::ObtainError;
use super::super::super::status::DomainState::Issued;
use super::authority::Reply;
use super::rig::{Rig, soon};
use tls_sni::Certificates;

/// Another instance with the same directory, and a table of certificates of its own.
fn other(rig: &Rig) -> (super::rig::Running, Certificates) {
    let certificates = Certificates::new();
    (rig.start_with(certificates.clone()), certificates)
}

#[tokio::test]
async fn one_issues_and_the_others_serve_what_it_has_issued() {
    let rig = Rig::new(&["a.example"]).await;
    let mut first = rig.start();
    first.until(|status| status.is_issuing()).await;
    let (mut second, certificates) = other(&rig);
    first.until_is("a.example", Issued).await;
    soon(async {
        while !certificates.has("a.example") {
            // It looks again every 30 s.
            rig.clock.advance(rig.settings.look_again);
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(!second.status.is_issuing());
    assert_eq!(second.of("a.example").unwrap().next_attempt, None);
    assert_eq!(rig.authority.orders().len(), 1);

    first.stop().await;
    rig.clock.advance(rig.settings.look_again);
    second.until(|status| status.is_issuing()).await;
    second.domains.set(["a.example", "b.example"]);
    second.until_is("b.example", Issued).await;
    assert_eq!(rig.authority.orders().len(), 2);
    second.stop().await;
}

#[tokio::test]
async fn a_client_of_who_does_not_issue_gets_what_was_issued_elsewhere_and_nothing_else() {
    let mut rig = Rig::new(&[]).await;
    rig.settings.ask = Some(rig.authority.url("/may"));
    let mut first = rig.start();
    first.until(|status| status.is_issuing()).await;
    let (second, certificates) = other(&rig);
    let on_demand = second.on_demand.clone().unwrap();
    let refused = soon(on_demand.obtain("a.example")).await;
    assert_eq!(refused, Err(ObtainError::Elsewhere));
    soon(first.on_demand.clone().unwrap().obtain("a.example")).await.unwrap();
    soon(on_demand.obtain("a.example")).await.unwrap();
    assert!(certificates.has("a.example"));
    assert_eq!(rig.authority.orders().len(), 1);
    second.stop().await;
    first.stop().await;
    // Nobody is there any more.
    assert_eq!(soon(on_demand.obtain("b.example")).await, Err(ObtainError::Stopped));
}

#[tokio::test]
async fn an_instance_that_dies_while_it_orders_gives_way() {
    let rig = Rig::new(&["a.example"]).await;
    rig.authority.say("/order", Reply::Never);
    let mut first = rig.start();
    first.until(|_| rig.authority.asked("/order") == 1).await;
    let (mut second, _) = other(&rig);
    first.run.abort();
    let _ = soon(first.run).await;
    soon(async {
        while !second.status.is_issuing() {
            rig.clock.advance(rig.settings.look_again);
            tokio::task::yield_now().await;
        }
    })
    .await;
    second.until_is("a.example", Issued).await;
    second.stop().await;
}
