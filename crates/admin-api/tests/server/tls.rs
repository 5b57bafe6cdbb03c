use std::time::{Duration, Instant, SystemTime};

use admin_api::{AdminSettings, ClientSettings, Role};
use rcgen::{CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tls_sni::{
    Certificate, Certificates, Client, ClientAuth, ClientAuthMode, Identity, Roots, Served, Server,
    ServerSettings, TicketKeys,
};
use tokio::io::AsyncWriteExt;

use super::house::{Answer, House, ask, request, rest, settings};
use super::tokens::token;

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A certificate and its key, PEM.
    fn issue(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }

    fn server(&self, mode: ClientAuthMode) -> Server {
        let (chain, key) = self.issue("localhost");
        let certificate = Certificate::parse(chain.as_bytes(), key.as_bytes(), SystemTime::now()).unwrap();
        let certificates = Certificates::new();
        certificates.put("file:admin", Served::new(certificate));
        let mut settings = ServerSettings::new(TicketKeys::random());
        settings.client_auth = Some(ClientAuth::new(self.0.pem().as_bytes(), &[], mode).unwrap());
        Server::new(certificates, &settings).unwrap()
    }

    async fn ask(&self, house: &House, name: Option<&str>, request: String) -> Answer {
        let mut settings = tls_sni::ClientSettings::new();
        settings.roots = Roots::Pem(self.0.pem().into_bytes());
        settings.identity = name.map(|name| {
            let (chain, key) = self.issue(name);
            Identity::parse(chain.as_bytes(), key.as_bytes()).unwrap()
        });
        let stream =
            Client::new(settings).unwrap().connect(house.connect().await, "localhost").await.unwrap();
        ask(stream, request).await
    }
}

fn secured(authority: &Authority) -> AdminSettings {
    let mut settings = settings();
    settings.tls = Some(authority.server(ClientAuthMode::Optional));
    settings.clients =
        vec![ClientSettings::new("CN=alice", Role::Write), ClientSettings::new("DNS:bob", Role::Read)];
    settings.tokens = vec![token("ops", "secret", Role::Write)];
    settings
}

#[tokio::test]
async fn a_certificate_says_who_asks() {
    let authority = Authority::new();
    let house = House::open(secured(&authority));
    let who = || request("GET /who", "", "");
    assert_eq!(authority.ask(&house, Some("alice"), who()).await.body, "CN=alice Write");
    assert_eq!(authority.ask(&house, Some("bob"), who()).await.body, "DNS:bob Read");
    let change = request("POST /change", "", "");
    assert_eq!(authority.ask(&house, Some("bob"), change).await.verdict(), "403 auth_denied");
    assert_eq!(authority.ask(&house, Some("mallory"), who()).await.verdict(), "403 auth_denied");
    assert_eq!(authority.ask(&house, None, who()).await.verdict(), "401 auth_missing");
    let shown = request("GET /who", "Authorization: Bearer secret", "");
    assert_eq!(authority.ask(&house, Some("mallory"), shown).await.body, "ops Write");
}

#[tokio::test]
async fn a_handshake_has_its_deadline_and_clear_text_no_answer() {
    let authority = Authority::new();
    let mut settings = secured(&authority);
    settings.deadlines.handshake = Duration::from_millis(150);
    let house = House::open(settings);
    let start = Instant::now();
    assert!(rest(&mut house.connect().await).await.is_empty());
    assert!(start.elapsed() >= Duration::from_millis(150));
    let mut partial = house.connect().await;
    partial.write_all(&[22, 3, 1, 2, 0, 1]).await.unwrap();
    assert!(rest(&mut partial).await.is_empty());
    let mut clear = house.connect().await;
    clear.write_all(request("GET /who", "", "").as_bytes()).await.unwrap();
    assert!(!String::from_utf8_lossy(&rest(&mut clear).await).contains("HTTP/1.1 200"));
}

#[tokio::test]
async fn what_cannot_be_read_within_tls_is_told_so_too() {
    let authority = Authority::new();
    let house = House::open(secured(&authority));
    assert_eq!(authority.ask(&house, None, "garbage\r\n\r\n".into()).await.verdict(), "400 bad_request");
}
