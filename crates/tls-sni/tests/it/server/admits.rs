//! Which requests may come over which connection.

use std::sync::Arc;

use tls_sni::{Server, ServerSettings, Session, UnknownName};

use super::rig::{Authority, Issued, Visitor, client, nameless, settings, shake, table, visit};

const NAME: &str = "a.test";

struct House {
    authority: Authority,
    clients: Authority,
    settings: ServerSettings,
}

impl House {
    fn new() -> Self {
        Self { authority: Authority::new("ours"), clients: Authority::new("clients"), settings: settings() }
    }

    fn server(&self, all: &[&Issued]) -> Server {
        Server::new(table(all.iter().map(|one| one.as_default()).collect()), &self.settings).unwrap()
    }

    async fn session(&self, server: &Server) -> Arc<Session> {
        shake(server, &client(&self.authority), NAME).await.session()
    }

    async fn member(&self, server: &Server, name: &str) -> Arc<Session> {
        let shown = self.clients.issue(&["c.test"]);
        let client = Visitor { shows: Some(&shown), ..Visitor::of(&self.authority) }.client();
        shake(server, &client, name).await.session()
    }
}

#[track_caller]
fn check(server: &Server, session: &Session, admitted: &[&str], refused: &[&str]) {
    for host in admitted {
        assert!(server.admits(session, host), "{host}");
    }
    for host in refused {
        assert!(!server.admits(session, host), "{host}");
    }
}

#[tokio::test]
async fn hosts_of_the_certificate_are_admitted() {
    let house = House::new();
    let one = house.authority.issue(&[NAME, "b.test", "*.wild.test", "127.0.0.1"]);
    let server = house.server(&[&one, &house.authority.issue(&["other.test"])]);
    let session = house.session(&server).await;
    check(
        &server,
        &session,
        &[NAME, "b.test", "x.wild.test", "127.0.0.1"],
        &["other.test", "unknown.test", "wild.test", "x.y.wild.test", "127.0.0.2"],
    );
}

#[tokio::test]
async fn hosts_that_the_certificate_is_served_for_are_admitted() {
    let house = House::new();
    let mut served = house.authority.issue(&[NAME]).served();
    served.names = Some(vec![NAME.to_owned(), "b.test".to_owned(), "*.wild.test".to_owned()]);
    let other = house.authority.issue(&["other.test"]).served();
    let server = Server::new(table(vec![served, other]), &house.settings).unwrap();
    let session = house.session(&server).await;
    check(&server, &session, &[NAME, "b.test", "x.wild.test"], &["other.test"]);
}

#[tokio::test]
async fn hosts_under_another_rule_are_not_admitted() {
    let mut house = House::new();
    let one = house.authority.issue(&[NAME, "b.test", "c.test", "d.test"]);
    let other = Authority::new("other");
    house.settings.client_auth_of = vec![
        ("b.test".to_owned(), Some(house.clients.required())),
        ("c.test".to_owned(), Some(house.clients.required())),
        ("d.test".to_owned(), Some(other.required())),
    ];
    let server = house.server(&[&one]);
    check(&server, &*house.session(&server).await, &[NAME], &["b.test", "c.test", "d.test"]);
    // Two names under one rule are as good as each other.
    let member = house.member(&server, "b.test").await;
    check(&server, &member, &["b.test", "c.test"], &[NAME, "d.test"]);
}

#[tokio::test]
async fn who_named_nobody_is_admitted_to_what_is_under_the_general_rule() {
    let mut house = House::new();
    let one = house.authority.issue(&[NAME]);
    house.settings.client_auth_of = vec![("*.closed.test".to_owned(), Some(house.clients.required()))];
    let server = house.server(&[&one]);
    let session = shake(&server, &nameless(&house.authority), NAME).await.session();
    assert_eq!(session.server_name, None);
    check(&server, &session, &[NAME, "any.test", "127.0.0.1"], &["x.closed.test", "x.y.closed.test"]);
}

#[tokio::test]
async fn a_client_under_the_default_certificate_is_admitted_to_what_it_asked_for() {
    let mut house = House::new();
    let one = house.authority.issue(&["other.test", "x.test"]);
    house.settings.unknown_name = UnknownName::Default;
    let mut served = one.as_default();
    served.names = Some(vec!["served.test".to_owned()]);
    let server = Server::new(table(vec![served]), &house.settings).unwrap();
    let session = visit(&server, &client(&house.authority), "x.test").await;
    check(&server, &session, &["x.test", "other.test", "served.test"], &["y.test"]);
}

#[tokio::test]
async fn a_connection_from_before_its_rule_changed_is_admitted_to_nothing_under_it() {
    let mut house = House::new();
    let one = house.authority.issue(&[NAME, "b.test"]);
    let server = house.server(&[&one]);
    let session = house.session(&server).await;
    check(&server, &session, &[NAME, "b.test"], &[]);
    // For all names.
    let open = house.settings.clone();
    house.settings.client_auth = Some(house.clients.required());
    server.replace(&house.settings).unwrap();
    check(&server, &session, &[], &[NAME, "b.test"]);
    let member = house.member(&server, NAME).await;
    check(&server, &member, &[NAME, "b.test"], &[]);
    // For its own name alone.
    house.settings = open.clone();
    house.settings.client_auth_of = vec![(NAME.to_owned(), Some(house.clients.required()))];
    server.replace(&house.settings).unwrap();
    check(&server, &session, &["b.test"], &[NAME]);
    check(&server, &member, &[NAME], &["b.test"]);
    // Among members of another authority.
    let other = Authority::new("other");
    house.settings.client_auth_of = vec![(NAME.to_owned(), Some(other.required()))];
    server.replace(&house.settings).unwrap();
    check(&server, &member, &[], &[NAME, "b.test"]);
    // The rule as it was is the rule that it came in under.
    server.replace(&open).unwrap();
    check(&server, &session, &[NAME, "b.test"], &[]);
    check(&server, &member, &[], &[NAME, "b.test"]);
}

#[tokio::test]
async fn a_connection_outlives_its_certificate() {
    let house = House::new();
    let certificates = table(vec![house.authority.issue(&[NAME, "b.test"]).served()]);
    let server = Server::new(certificates.clone(), &house.settings).unwrap();
    let session = house.session(&server).await;
    certificates.replace_matching("", Vec::new());
    // It was shown to the client, which believed it.
    check(&server, &session, &[NAME, "b.test"], &["other.test"]);
}

#[tokio::test]
async fn a_resumed_connection_is_admitted_as_the_first_was() {
    let mut house = House::new();
    let one = house.authority.issue(&[NAME, "b.test", "c.test"]);
    house.settings.client_auth_of = vec![("c.test".to_owned(), Some(house.clients.required()))];
    let server = house.server(&[&one]);
    let client = client(&house.authority);
    for is_resumed in [false, true] {
        let session = visit(&server, &client, NAME).await;
        assert_eq!(session.is_resumed, is_resumed);
        check(&server, &session, &[NAME, "b.test"], &["c.test"]);
    }
}
