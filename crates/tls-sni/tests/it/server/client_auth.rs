//! Certificates of clients: demanded, asked for, refused.

use rcgen::{SerialNumber, date_time_ymd};
use rustls::AlertDescription;
use tls_sni::{ClientAuth, ClientAuthMode, HandshakeFailure, Server, ServerSettings};

use super::rig::{Authority, EACH, Ends, Issued, V13, Versions, Visitor, settings, shake, table, talk};

const NAME: &str = "a.test";

struct House {
    authority: Authority,
    clients: Authority,
}

impl House {
    fn new() -> Self {
        Self { authority: Authority::new("ours"), clients: Authority::new("clients") }
    }

    fn server(&self, change: impl FnOnce(&mut ServerSettings)) -> Server {
        let mut settings = settings();
        change(&mut settings);
        let all = self.authority.issue(&[NAME, "b.test", "*.test", "deep.sub.test"]);
        Server::new(table(vec![all.as_default()]), &settings).unwrap()
    }

    fn demanding(&self, rule: ClientAuth) -> Server {
        self.server(|settings| settings.client_auth = Some(rule))
    }

    async fn visit(&self, server: &Server, shows: Option<&Issued>, versions: Versions) -> Ends {
        let client = Visitor { shows, versions, ..Visitor::of(&self.authority) }.client();
        shake(server, &client, NAME).await
    }
}

fn serial(number: u64) -> impl FnOnce(&mut rcgen::CertificateParams) {
    move |params| params.serial_number = Some(SerialNumber::from(number))
}

#[tokio::test]
async fn a_client_without_a_certificate_is_refused_where_one_is_demanded() {
    let house = House::new();
    let server = house.demanding(house.clients.required());
    for versions in EACH {
        let ends = house.visit(&server, None, versions).await;
        assert_eq!(ends.failure(), HandshakeFailure::NoClientCertificate);
        let alert = ends.alert().await;
        assert_eq!(alert, AlertDescription::CertificateRequired);
    }
    assert_eq!(HandshakeFailure::NoClientCertificate.code(), "no_client_certificate");
}

#[tokio::test]
async fn a_client_that_is_vouched_for_comes_in_and_is_known() {
    let house = House::new();
    let shown = house.clients.issue(&["client.test"]);
    for mode in [ClientAuthMode::Required, ClientAuthMode::Optional] {
        let server = house.demanding(house.clients.rule(mode));
        for versions in EACH {
            let (mut ours, mut theirs) = house.visit(&server, Some(&shown), versions).await.both();
            talk(&mut theirs, &mut ours).await;
            let client = ours.session().client.clone().unwrap();
            assert_eq!(client.certificate, shown.der.to_vec());
            assert_eq!(client.names, ["DNS:client.test"]);
        }
    }
}

#[tokio::test]
async fn a_client_may_have_none_where_it_is_only_asked_for() {
    let house = House::new();
    let server = house.demanding(house.clients.rule(ClientAuthMode::Optional));
    for versions in EACH {
        let (mut ours, mut theirs) = house.visit(&server, None, versions).await.both();
        talk(&mut theirs, &mut ours).await;
        assert_eq!(ours.session().client, None);
    }
}

#[tokio::test]
async fn nobody_is_asked_without_a_rule() {
    let house = House::new();
    let server = house.server(|_| ());
    for versions in EACH {
        let shown = house.clients.issue(&["client.test"]);
        assert_eq!(house.visit(&server, Some(&shown), versions).await.session().client, None);
    }
}

#[tokio::test]
async fn a_bad_certificate_is_refused_even_where_none_is_needed() {
    let house = House::new();
    let stranger = Authority::new("stranger");
    // It has the name of the one that is believed, and another key.
    let namesake = Authority::new("clients");
    let expired = house.clients.issue_with(&["c.test"], |params| {
        params.not_after = date_time_ymd(2001, 1, 1);
    });
    let early = house.clients.issue_with(&["c.test"], |params| {
        params.not_before = date_time_ymd(3000, 1, 1);
    });
    let for_servers = house.clients.issue_with(&["c.test"], |params| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    });
    for mode in [ClientAuthMode::Required, ClientAuthMode::Optional] {
        let server = house.demanding(house.clients.rule(mode));
        for versions in EACH {
            for (shown, alert) in [
                (&stranger.issue(&["c.test"]), AlertDescription::UnknownCA),
                (&namesake.issue(&["c.test"]), AlertDescription::DecryptError),
                (&expired, AlertDescription::CertificateExpired),
                (&early, AlertDescription::CertificateExpired),
                (&for_servers, AlertDescription::UnsupportedCertificate),
            ] {
                let ends = house.visit(&server, Some(shown), versions).await;
                assert_eq!(ends.failure(), HandshakeFailure::ClientCertificate, "{alert:?}");
                assert_eq!(ends.alert().await, alert);
            }
        }
    }
    assert_eq!(HandshakeFailure::ClientCertificate.code(), "client_certificate");
}

#[tokio::test]
async fn a_revoked_certificate_is_refused() {
    let house = House::new();
    let (good, bad) =
        (house.clients.issue_with(&["c.test"], serial(7)), house.clients.issue_with(&["c.test"], serial(8)));
    let lists = [house.clients.revokes(&[8])];
    for mode in [ClientAuthMode::Required, ClientAuthMode::Optional] {
        let rule = ClientAuth::new(house.clients.pem().as_bytes(), &lists, mode).unwrap();
        let server = house.demanding(rule);
        for versions in EACH {
            assert!(house.visit(&server, Some(&good), versions).await.session().client.is_some());
            let ends = house.visit(&server, Some(&bad), versions).await;
            assert_eq!(ends.failure(), HandshakeFailure::ClientCertificate);
            assert_eq!(ends.alert().await, AlertDescription::CertificateRevoked);
        }
    }
}

#[tokio::test]
async fn where_there_are_lists_a_certificate_must_be_covered_by_one() {
    let house = House::new();
    let other = Authority::new("other");
    let authorities = house.clients.pem() + &other.pem();
    let lists = [house.clients.revokes(&[])];
    let rule = ClientAuth::new(authorities.as_bytes(), &lists, ClientAuthMode::Required).unwrap();
    let server = house.demanding(rule);
    assert!(house.visit(&server, Some(&house.clients.issue(&["c.test"])), &V13).await.ours.is_ok());
    let ends = house.visit(&server, Some(&other.issue(&["c.test"])), &V13).await;
    assert_eq!(ends.failure(), HandshakeFailure::ClientCertificate);
}

#[tokio::test]
async fn the_most_specific_rule_counts() {
    let house = House::new();
    let (one, other) = (Authority::new("one"), Authority::new("other"));
    let server = house.server(|settings| {
        settings.client_auth = Some(house.clients.required());
        settings.client_auth_of = vec![
            ("*.Test.".to_owned(), Some(one.required())),
            ("*.sub.test".to_owned(), Some(other.required())),
            ("A.test".to_owned(), None),
        ];
    });
    let (of_house, of_one, of_other) =
        (house.clients.issue(&["c.test"]), one.issue(&["c.test"]), other.issue(&["c.test"]));
    let names = [("a.test", None), ("b.test", Some(&of_one)), ("deep.sub.test", Some(&of_other))];
    for (name, expected) in names {
        for shows in [None, Some(&of_house), Some(&of_one), Some(&of_other)] {
            let client = Visitor { shows, ..Visitor::of(&house.authority) }.client();
            let ends = shake(&server, &client, name).await;
            let same = |one: &Issued| shows.is_some_and(|other| other.der == one.der);
            assert_eq!(ends.ours.is_ok(), expected.is_none_or(same), "{name}");
            if let Ok(ours) = ends.ours {
                assert_eq!(ours.session().client.is_some(), expected.is_some());
            }
        }
    }
    // Who names nobody is under the general rule.
    for (shows, is_in) in [(None, false), (Some(&of_one), false), (Some(&of_house), true)] {
        let mut config = Visitor { shows, ..Visitor::of(&house.authority) }.config();
        config.enable_sni = false;
        let ends = shake(&server, &std::sync::Arc::new(config), "a.test").await;
        assert_eq!(ends.ours.is_ok(), is_in);
    }
}
