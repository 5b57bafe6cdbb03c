//! Certificates from a real authority: Pebble.

mod names;
mod pebble;
mod site;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use control_plane::acme::{
    AcmeSettings, ChallengeKind, DomainState, DomainStatus, ExternalAccount, Issuer, OnDemand, Parts, Status,
};
use egress::{Egress, Policy};
use tempfile::TempDir;
use tls_sni::{Client, ClientSettings, Roots};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use pebble::{Pebble, Wanted};
use site::Site;

/// Whatever is waited for comes within that time.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running issuer.
struct Running {
    status: Status,
    on_demand: Option<OnDemand>,
    domains: control_plane::acme::Domains,
    stop: oneshot::Sender<()>,
    run: JoinHandle<()>,
}

impl Running {
    fn start(settings: AcmeSettings, pebble: &Pebble, site: &Site) -> Self {
        let mut tls = ClientSettings::new();
        tls.roots = Roots::Pem(pebble.root.clone().into_bytes());
        let tls = Client::new(tls).unwrap();
        let parts = Parts {
            egress: Egress::new(Policy::default()),
            tls: tls.clone(),
            ask_tls: tls,
            certificates: site.certificates.clone(),
            http01: site.tokens.clone(),
        };
        let issuer = Issuer::new(settings, parts).unwrap();
        let (status, on_demand, domains) = (issuer.status(), issuer.on_demand(), issuer.domains());
        let (stop, stopped) = oneshot::channel();
        let run = tokio::spawn(issuer.run(stopped));
        Self { status, on_demand, domains, stop, run }
    }

    /// Waits until a name is as it should be.
    async fn until(&mut self, pebble: &Pebble, name: &str, is_so: impl Fn(&DomainStatus) -> bool) {
        let mut last = None;
        let waiting = async {
            loop {
                last = self.status.list().into_iter().find(|status| status.domain == name);
                if last.as_ref().is_some_and(&is_so) {
                    return;
                }
                self.status.changed().await;
            }
        };
        if timeout(PATIENCE, waiting).await.is_err() {
            panic!("it is not as it should be: {last:?}\n{}", pebble.log());
        }
    }

    async fn until_issued(&mut self, pebble: &Pebble, name: &str) {
        self.until(pebble, name, |status| status.state == DomainState::Issued).await;
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        timeout(PATIENCE, self.run).await.unwrap().unwrap();
    }
}

/// An authority that validates names at a site.
async fn authority(site: &Site) -> Pebble {
    let wanted = Wanted { http_port: site.http_port, tls_port: site.tls_port, port: 0, external: None };
    Pebble::start(wanted).await
}

fn settings(pebble: &Pebble, state: &Path, domain: &str) -> AcmeSettings {
    let mut settings = AcmeSettings::new(pebble.directory(), state);
    settings.email = Some("ops@example.com".into());
    settings.domains = vec![domain.into()];
    settings
}

/// A certificate of a name that stands on the authority's word is what a client gets.
async fn check_served(pebble: &Pebble, site: &Site, name: &str) {
    let mut trusting = ClientSettings::new();
    trusting.roots = Roots::Pem(root_of(pebble).await.into_bytes());
    let client = Client::new(trusting).unwrap();
    let stream = TcpStream::connect(("127.0.0.1", site.tls_port)).await.unwrap();
    client.connect(stream, name).await.unwrap();
}

/// The root of the certificates that it issues, PEM.
async fn root_of(pebble: &Pebble) -> String {
    let mut stream = pebble.connect(pebble.management()).await.unwrap();
    stream.write_all(b"GET /roots/0 HTTP/1.0\r\n\r\n").await.unwrap();
    stream.flush().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// The fingerprints of all certificates that are served.
fn served(site: &Site) -> Vec<(String, String)> {
    let all = site.certificates.list().into_iter();
    all.map(|(id, served)| (id, served.certificate.fingerprint().to_owned())).collect()
}

#[track_caller]
fn check_mode(path: &Path, expected: u32) {
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, expected, "{}", path.display());
}

/// The one file below a directory that has this name.
fn find(dir: &Path, name: &str) -> std::path::PathBuf {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().is_some_and(|file| file == name) {
            return path;
        }
        if path.is_dir() && path.join(name).exists() {
            return path.join(name);
        }
    }
    panic!("no {name} below {}", dir.display());
}

async fn issues_by(challenge: ChallengeKind) {
    let (site, state) = (Site::start().await, TempDir::new().unwrap());
    let pebble = authority(&site).await;
    let mut settings = settings(&pebble, state.path(), "www.example.com");
    settings.challenges = vec![challenge];
    let mut running = Running::start(settings.clone(), &pebble, &site);
    running.until_issued(&pebble, "www.example.com").await;
    assert_eq!(site.tokens.asked() > 0, challenge == ChallengeKind::Http01);
    assert_eq!(site.tokens.pending(), 0, "answers are taken away");
    check_served(&pebble, &site, "www.example.com").await;
    let before = served(&site);
    running.stop().await;

    let authority = find(&state.path().join("acme"), "account.pem");
    let kept = authority.parent().unwrap().join("certificates");
    check_mode(&kept, 0o700);
    check_mode(&kept.join("www.example.com.pem"), 0o600);
    check_mode(&authority, 0o600);

    // Another process with nothing but the directory.
    let again = Site::start().await;
    let mut running = Running::start(settings, &pebble, &again);
    running.until_issued(&pebble, "www.example.com").await;
    assert_eq!(served(&again), before, "what is on the disk is served");
    assert_eq!(again.tokens.asked(), 0);
    running.stop().await;
}

#[tokio::test]
async fn a_certificate_is_issued_over_http_and_outlives_the_process() {
    issues_by(ChallengeKind::Http01).await;
}

#[tokio::test]
async fn a_certificate_is_issued_over_tls_and_outlives_the_process() {
    issues_by(ChallengeKind::TlsAlpn01).await;
}

#[tokio::test]
async fn where_one_challenge_fails_the_next_is_tried() {
    let (site, elsewhere, state) = (Site::start().await, Site::start().await, TempDir::new().unwrap());
    // Over HTTP the authority finds a server that knows nothing.
    let wanted = Wanted { http_port: elsewhere.http_port, tls_port: site.tls_port, port: 0, external: None };
    let pebble = Pebble::start(wanted).await;
    let mut running = Running::start(settings(&pebble, state.path(), "www.example.com"), &pebble, &site);
    running.until_issued(&pebble, "www.example.com").await;
    assert!(elsewhere.tokens.asked() > 0, "HTTP comes first");
    check_served(&pebble, &site, "www.example.com").await;
    running.stop().await;
}

#[tokio::test]
async fn what_the_authority_finds_wrong_is_told() {
    let (site, elsewhere, state) = (Site::start().await, Site::start().await, TempDir::new().unwrap());
    let pebble = authority(&elsewhere).await;
    let mut settings = settings(&pebble, state.path(), "www.example.com");
    settings.challenges = vec![ChallengeKind::Http01];
    let mut running = Running::start(settings, &pebble, &site);
    running.until(&pebble, "www.example.com", |status| status.state == DomainState::Failed).await;
    let status = running.status.list().remove(0);
    let error = status.last_error.unwrap();
    assert_eq!(error.problem.as_deref(), Some("urn:ietf:params:acme:error:unauthorized"), "{error:?}");
    assert!(error.detail.contains("404"), "{error:?}");
    assert!(status.next_attempt.unwrap() >= error.at + Duration::from_secs(60), "{error:?}");
    assert_eq!(site.tokens.pending(), 0, "answers are taken away");
    running.stop().await;
}

#[tokio::test]
async fn an_external_account_is_bound() {
    let (site, state) = (Site::start().await, TempDir::new().unwrap());
    let (id, key) = ("kid-1", "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W");
    let wanted =
        Wanted { http_port: site.http_port, tls_port: site.tls_port, port: 0, external: Some((id, key)) };
    let pebble = Pebble::start(wanted).await;
    let mut settings = settings(&pebble, state.path(), "www.example.com");
    settings.external_account = Some(ExternalAccount { key_id: id.into(), key: key.to_owned().into() });
    let mut running = Running::start(settings, &pebble, &site);
    running.until_issued(&pebble, "www.example.com").await;
    running.stop().await;
}

#[tokio::test]
async fn an_account_that_the_authority_has_lost_is_made_anew() {
    let (site, state) = (Site::start().await, TempDir::new().unwrap());
    let first = authority(&site).await;
    let mut running = Running::start(settings(&first, state.path(), "a.example.com"), &first, &site);
    running.until_issued(&first, "a.example.com").await;
    let before = served(&site);
    let port = first.port();
    drop(first);
    // It comes back at the same address, and remembers nothing.
    let wanted = Wanted { http_port: site.http_port, tls_port: site.tls_port, port, external: None };
    let second = Pebble::start(wanted).await;
    running.stop().await;
    let mut settings = settings(&second, state.path(), "a.example.com");
    settings.domains.push("b.example.com".into());
    let mut running = Running::start(settings, &second, &site);
    running.until_issued(&second, "b.example.com").await;
    assert!(served(&site).contains(&before[0]), "what was issued before is served");
    running.stop().await;
}

#[tokio::test]
async fn names_come_and_go_while_it_runs() {
    let (site, state) = (Site::start().await, TempDir::new().unwrap());
    let pebble = authority(&site).await;
    let mut running = Running::start(settings(&pebble, state.path(), "a.example.com"), &pebble, &site);
    running.until_issued(&pebble, "a.example.com").await;
    let before = served(&site);
    running.domains.set(["b.example.com"]);
    running.until_issued(&pebble, "b.example.com").await;
    assert!(!site.certificates.has("a.example.com"));
    running.domains.set(["a.example.com", "b.example.com"]);
    running.until_issued(&pebble, "a.example.com").await;
    assert!(served(&site).contains(&before[0]), "it was kept");
    running.stop().await;
}

/// Answers so many questions with these statuses; gives the heads of the questions.
async fn operator(door: TcpListener, statuses: Vec<u16>) -> Vec<String> {
    let mut heads = Vec::new();
    for status in statuses {
        let (mut stream, _) = door.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            assert_ne!(stream.read_buf(&mut head).await.unwrap(), 0, "the question ended");
        }
        let reply = format!("HTTP/1.1 {status} Such\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(reply.as_bytes()).await.unwrap();
        heads.push(String::from_utf8(head).unwrap());
    }
    heads
}

#[tokio::test]
async fn a_handshake_for_a_new_name_waits_for_its_certificate() {
    let (site, state) = (Site::start().await, TempDir::new().unwrap());
    let pebble = authority(&site).await;
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = settings(&pebble, state.path(), "www.example.com");
    settings.domains.clear();
    settings.ask = Some(format!("http://{}/may?by=test", door.local_addr().unwrap()));
    let asked = tokio::spawn(operator(door, vec![200, 403]));
    let running = Running::start(settings, &pebble, &site);
    site.tls.obtain_by(std::sync::Arc::new(running.on_demand.clone().unwrap()));
    timeout(PATIENCE, check_served(&pebble, &site, "new.example.com")).await.unwrap();
    let refused = timeout(PATIENCE, running.on_demand.as_ref().unwrap().obtain("other.example.com")).await;
    assert_eq!(refused.unwrap().unwrap_err().to_string(), "the operator does not permit it");
    let heads = asked.await.unwrap();
    assert!(heads[0].starts_with("GET /may?by=test&domain=new.example.com HTTP/1.1\r\n"), "{heads:?}");
    assert!(!site.certificates.has("other.example.com"));
    running.stop().await;
}

#[tokio::test]
async fn of_two_that_share_a_directory_one_issues_and_the_other_takes_over() {
    let (site, other, state) = (Site::start().await, Site::start().await, TempDir::new().unwrap());
    let pebble = authority(&site).await;
    let mut settings = settings(&pebble, state.path(), "www.example.com");
    settings.look_again = Duration::from_millis(20);
    let mut first = Running::start(settings.clone(), &pebble, &site);
    first.until_issued(&pebble, "www.example.com").await;
    let mut second = Running::start(settings, &pebble, &other);
    second.until_issued(&pebble, "www.example.com").await;
    assert_eq!(served(&site), served(&other));
    assert!(first.status.is_issuing() && !second.status.is_issuing());

    first.domains.set(["www.example.com", "api.example.com"]);
    second.domains.set(["www.example.com", "api.example.com"]);
    second.until_issued(&pebble, "api.example.com").await;
    assert_eq!(other.tokens.asked(), 0, "it was the first who ordered");

    first.stop().await;
    let taking_over = async {
        while !second.status.is_issuing() {
            second.status.changed().await;
        }
    };
    timeout(PATIENCE, taking_over).await.unwrap();
    second.stop().await;
}
