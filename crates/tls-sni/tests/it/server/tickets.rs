//! Sessions that are taken up again, and those that must not be.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::SerialNumber;
use rustls::client::{
    ClientSessionMemoryCache, ClientSessionStore, Resumption, Tls12ClientSessionValue,
    Tls13ClientSessionValue,
};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, NamedGroup};
use tls_sni::{
    Certificates, ClientAuth, ClientAuthMode, HandshakeFailure, Protocol, Server, ServerSettings, TicketKeys,
    UnknownName,
};

use super::rig::{Authority, EACH, Issued, Versions, Visitor, settings, shake, table, visit};

const NAME: &str = "a.test";

/// A client's memory that shows a ticket from anybody to everybody, which no honest client does.
#[derive(Debug)]
struct Forgetful(ClientSessionMemoryCache);

fn anybody() -> ServerName<'static> {
    ServerName::try_from("anybody.test").unwrap()
}

impl ClientSessionStore for Forgetful {
    fn set_kx_hint(&self, _: ServerName<'static>, group: NamedGroup) {
        self.0.set_kx_hint(anybody(), group);
    }

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        self.0.kx_hint(&anybody())
    }

    fn set_tls12_session(&self, _: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.0.set_tls12_session(anybody(), value);
    }

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.0.tls12_session(&anybody())
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {
        self.0.remove_tls12_session(&anybody());
    }

    fn insert_tls13_ticket(&self, _: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.0.insert_tls13_ticket(anybody(), value);
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.0.take_tls13_ticket(&anybody())
    }
}

struct House {
    authority: Authority,
    clients: Authority,
    certificates: Certificates,
    settings: ServerSettings,
}

impl House {
    fn new() -> Self {
        let authority = Authority::new("ours");
        let certificates = table(vec![authority.issue(&[NAME, "b.test"]).as_default()]);
        Self { authority, clients: Authority::new("clients"), certificates, settings: settings() }
    }

    fn server(&self) -> Server {
        Server::new(self.certificates.clone(), &self.settings).unwrap()
    }

    fn visitor<'a>(&'a self, versions: Versions, shows: Option<&'a Issued>) -> Visitor<'a> {
        Visitor { versions, shows, ..Visitor::of(&self.authority) }
    }

    fn client(&self, versions: Versions, shows: Option<&Issued>) -> Arc<ClientConfig> {
        self.visitor(versions, shows).client()
    }

    /// One that shows its tickets to everybody.
    fn attacker(&self, versions: Versions, shows: Option<&Issued>) -> Arc<ClientConfig> {
        let mut config = self.visitor(versions, shows).config();
        config.resumption = Resumption::store(Arc::new(Forgetful(ClientSessionMemoryCache::new(8))));
        Arc::new(config)
    }
}

async fn is_resumed(server: &Server, client: &Arc<ClientConfig>) -> bool {
    visit(server, client, NAME).await.is_resumed
}

#[tokio::test]
async fn a_session_is_resumed_again_and_again() {
    let house = House::new();
    let server = house.server();
    for versions in EACH {
        let client = house.client(versions, None);
        assert!(!is_resumed(&server, &client).await);
        for _ in 0..3 {
            assert!(is_resumed(&server.clone(), &client).await);
        }
    }
}

#[tokio::test]
async fn servers_with_the_same_keys_resume_each_others_sessions() {
    let mut house = House::new();
    let here = house.server();
    // Other settings, but for the rule for clients.
    house.settings.protocols = vec![Protocol::Http2];
    house.settings.unknown_name = UnknownName::Default;
    let there = house.server();
    house.settings.ticket_keys = TicketKeys::random();
    let elsewhere = house.server();
    for versions in EACH {
        let client = house.client(versions, None);
        assert!(!is_resumed(&here, &client).await);
        assert!(is_resumed(&there, &client).await);
        assert!(is_resumed(&here, &client).await);
        assert!(!is_resumed(&elsewhere, &client).await);
    }
}

#[tokio::test]
async fn instances_with_one_file_of_keys_resume_each_others_sessions() {
    let mut house = House::new();
    let text = STANDARD.encode([7; 48]);
    house.settings.ticket_keys = TicketKeys::parse(&text).unwrap();
    let here = house.server();
    let keys = TicketKeys::parse(&text).unwrap();
    house.settings.ticket_keys = keys.clone();
    let there = house.server();
    for versions in EACH {
        let client = house.client(versions, None);
        assert!(!is_resumed(&here, &client).await);
        assert!(is_resumed(&there, &client).await);
    }
    // Keys that are replaced hold for servers that stand.
    let clients = EACH.map(|versions| house.client(versions, None));
    for client in &clients {
        assert!(!is_resumed(&there, client).await);
        assert!(is_resumed(&there, client).await);
    }
    keys.replace(&STANDARD.encode([8; 48])).unwrap();
    for client in &clients {
        assert!(!is_resumed(&there, client).await);
        assert!(is_resumed(&there, client).await);
    }
}

#[tokio::test]
async fn the_same_settings_again_and_another_certificate_keep_tickets() {
    let mut house = House::new();
    let server = house.server();
    for versions in EACH {
        let client = house.client(versions, None);
        assert!(!is_resumed(&server, &client).await);
        server.replace(&house.settings).unwrap();
        assert!(is_resumed(&server, &client).await);
        house.certificates.replace_matching(
            "file:",
            vec![("file:new".to_owned(), house.authority.issue(&[NAME]).served())],
        );
        assert!(is_resumed(&server, &client).await);
        house.settings.ticket_keys = TicketKeys::random();
        server.replace(&house.settings).unwrap();
        assert!(!is_resumed(&server, &client).await);
    }
}

#[tokio::test]
async fn a_ticket_is_good_for_no_name_that_is_served_no_longer() {
    let house = House::new();
    for versions in EACH {
        let server = house.server();
        let client = house.client(versions, None);
        assert!(!is_resumed(&server, &client).await);
        let all = house.certificates.list();
        house.certificates.replace_matching("file:", Vec::new());
        assert_eq!(shake(&server, &client, NAME).await.failure(), HandshakeFailure::UnknownName);
        house.certificates.put_all(all);
    }
}

#[tokio::test]
async fn a_ticket_is_good_for_one_name() {
    let house = House::new();
    let server = house.server();
    for versions in EACH {
        let client = house.attacker(versions, None);
        assert!(!visit(&server, &client, NAME).await.is_resumed);
        assert!(!visit(&server, &client, "b.test").await.is_resumed);
        assert!(visit(&server, &client, "b.test").await.is_resumed);
    }
}

/// The attack: a ticket from where nobody is asked for a certificate, where one is demanded.
#[tokio::test]
async fn a_ticket_of_an_open_name_opens_no_closed_one() {
    let mut house = House::new();
    house.settings.client_auth_of = vec![("b.test".to_owned(), Some(house.clients.required()))];
    let server = house.server();
    let shown = house.clients.issue(&["c.test"]);
    for versions in EACH {
        let stranger = house.attacker(versions, None);
        assert!(!visit(&server, &stranger, NAME).await.is_resumed);
        let ends = shake(&server, &stranger, "b.test").await;
        assert_eq!(ends.failure(), HandshakeFailure::NoClientCertificate);
        // A member is let in, and not by the ticket.
        let member = house.attacker(versions, Some(&shown));
        assert_eq!(visit(&server, &member, NAME).await.client, None);
        let session = visit(&server, &member, "b.test").await;
        assert!(!session.is_resumed && session.client.is_some());
        // Nor does a member's ticket tell who it is where nobody asks.
        let session = visit(&server, &member, NAME).await;
        assert!(!session.is_resumed && session.client.is_none());
    }
}

/// The same name throughout: only the rule changes, from one listener to the next or by `replace`.
async fn check(
    house: &House,
    shows: Option<&Issued>,
    before: Option<&ClientAuth>,
    after: Option<&ClientAuth>,
    expected: Result<(), HandshakeFailure>,
) {
    let of_all = |rule: Option<&ClientAuth>| {
        let mut settings = house.settings.clone();
        settings.client_auth = rule.cloned();
        settings
    };
    let of_name = |rule: Option<&ClientAuth>| {
        let mut settings = house.settings.clone();
        settings.client_auth_of = vec![(NAME.to_owned(), rule.cloned())];
        settings
    };
    for versions in EACH {
        for (before, after) in [(of_all(before), of_all(after)), (of_name(before), of_name(after))] {
            for is_replaced in [false, true] {
                let first = Server::new(house.certificates.clone(), &before).unwrap();
                let client = house.client(versions, shows);
                assert!(!is_resumed(&first, &client).await);
                assert!(is_resumed(&first, &client).await);
                let second = if is_replaced {
                    first.replace(&after).unwrap();
                    first
                } else {
                    Server::new(house.certificates.clone(), &after).unwrap()
                };
                let ours = shake(&second, &client, NAME).await.ours;
                assert_eq!(ours.map(|ours| assert!(!ours.session().is_resumed)), expected);
            }
        }
    }
}

#[tokio::test]
async fn a_ticket_of_one_rule_is_good_under_no_other() {
    let house = House::new();
    let other = Authority::new("other");
    let issued = house.clients.issue(&["c.test"]);
    let shown = Some(&issued);
    let (required, optional) = (house.clients.required(), house.clients.rule(ClientAuthMode::Optional));
    let both = house.clients.pem() + &other.pem();
    let both = ClientAuth::new(both.as_bytes(), &[], ClientAuthMode::Required).unwrap();
    let listed = |serials: &[u64]| {
        let lists = [house.clients.revokes(serials)];
        ClientAuth::new(house.clients.pem().as_bytes(), &lists, ClientAuthMode::Required).unwrap()
    };
    let (none, some) = (listed(&[]), listed(&[99]));
    let other = other.required();
    let nothing_shown = Err(HandshakeFailure::NoClientCertificate);
    check(&house, None, None, Some(&required), nothing_shown).await;
    check(&house, None, Some(&optional), Some(&required), nothing_shown).await;
    check(&house, None, None, Some(&optional), Ok(())).await;
    check(&house, None, Some(&optional), None, Ok(())).await;
    check(&house, shown, Some(&required), Some(&other), Err(HandshakeFailure::ClientCertificate)).await;
    for (before, after) in [
        (None, Some(&required)),
        (Some(&optional), Some(&required)),
        (Some(&required), None),
        (Some(&required), Some(&both)),
        (Some(&both), Some(&required)),
        (Some(&required), Some(&none)),
        (Some(&none), Some(&some)),
        (Some(&some), Some(&required)),
    ] {
        check(&house, shown, before, after, Ok(())).await;
    }
}

#[tokio::test]
async fn who_was_revoked_meanwhile_is_refused_for_all_tickets() {
    let mut house = House::new();
    let shown = house.clients.issue_with(&["c.test"], |params| {
        params.serial_number = Some(SerialNumber::from(9));
    });
    let rule = |serials: &[u64]| {
        let lists = [house.clients.revokes(serials)];
        ClientAuth::new(house.clients.pem().as_bytes(), &lists, ClientAuthMode::Required).unwrap()
    };
    let (before, after) = (rule(&[]), rule(&[9]));
    for versions in EACH {
        house.settings.client_auth = Some(before.clone());
        let server = house.server();
        let client = house.client(versions, Some(&shown));
        assert!(!is_resumed(&server, &client).await);
        assert!(is_resumed(&server, &client).await);
        house.settings.client_auth = Some(after.clone());
        server.replace(&house.settings).unwrap();
        assert_eq!(shake(&server, &client, NAME).await.failure(), HandshakeFailure::ClientCertificate);
    }
}

#[tokio::test]
async fn the_same_rule_made_anew_keeps_tickets() {
    let mut house = House::new();
    let shown = house.clients.issue(&["c.test"]);
    house.settings.client_auth = Some(house.clients.required());
    let server = house.server();
    for versions in EACH {
        let client = house.client(versions, Some(&shown));
        assert!(!is_resumed(&server, &client).await);
        house.settings.client_auth = Some(house.clients.required());
        house.settings.client_auth_of = vec![("b.test".to_owned(), None)];
        server.replace(&house.settings).unwrap();
        assert!(is_resumed(&server, &client).await);
    }
}

#[tokio::test]
async fn a_resumed_session_keeps_the_clients_identity() {
    let mut house = House::new();
    let shown = house.clients.issue(&["c.test"]);
    for mode in [ClientAuthMode::Required, ClientAuthMode::Optional] {
        house.settings.client_auth = Some(house.clients.rule(mode));
        let server = house.server();
        for versions in EACH {
            let client = house.client(versions, Some(&shown));
            let first = visit(&server, &client, NAME).await;
            assert!(first.client.is_some());
            for _ in 0..3 {
                let again = visit(&server, &client, NAME).await;
                assert!(again.is_resumed);
                assert_eq!(again.client, first.client);
            }
        }
    }
}

#[tokio::test]
async fn a_ticket_that_was_touched_is_no_error() {
    // What another instance has sealed is to this one what a touched ticket is: the handshake is a full one.
    let mut house = House::new();
    let server = house.server();
    for versions in EACH {
        house.settings.ticket_keys = TicketKeys::random();
        let client = house.client(versions, None);
        assert!(!is_resumed(&house.server(), &client).await);
        assert!(!is_resumed(&server, &client).await);
    }
}
