//! An authority in the same process: it issues by the book, unless a test has it say something else.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, CertifiedIssuer, IsCa, KeyPair,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::super::super::clock::Clock;
use super::rig::{Tokens, WallClock};

pub(super) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// It ends with the test.
pub(super) struct Authority {
    address: SocketAddr,
    state: Arc<State>,
    serving: JoinHandle<()>,
}

struct State {
    base: String,
    clock: Arc<WallClock>,
    tokens: Arc<Tokens>,
    issuer: CertifiedIssuer<'static, KeyPair>,
    desk: Mutex<Desk>,
}

/// What it knows, and how it is.
pub(super) struct Desk {
    /// What it says next to whoever asks for a path that begins so, in place of anything else.
    says: VecDeque<(String, Reply)>,
    /// What it was asked, and with what.
    pub(super) asked: Vec<(String, Value)>,
    orders: Vec<Order>,
    accounts: Vec<String>,
    /// Where it has windows at all: what it says of all certificates.
    pub(super) window: Option<(&'static str, &'static str)>,
    /// What certificates it issues are for, in place of what was ordered.
    pub(super) issues_for: Option<&'static str>,
    /// Whether the operator permits a name.
    pub(super) permits: bool,
}

struct Order {
    name: String,
    status: &'static str,
    problem: Option<Value>,
    certificate: String,
    replaces: Value,
}

/// Where a request leads: to the order with that number.
struct Place<'a> {
    kind: &'a str,
    number: usize,
    which: Option<&'a str>,
}

/// An answer.
#[derive(Clone)]
pub(super) enum Reply {
    Answer {
        status: u16,
        fields: Vec<(String, String)>,
        body: String,
    },
    /// None, for ever.
    Never,
}

impl Reply {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::Answer { status, fields: Vec::new(), body: body.to_string() }
    }

    pub(super) fn problem(status: u16, kind: &str) -> Self {
        let kind = format!("urn:ietf:params:acme:error:{kind}");
        Self::json(status, &json!({ "type": kind, "detail": "the test says so" }))
    }

    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        if let Self::Answer { fields, .. } = &mut self {
            fields.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

impl Authority {
    pub(super) async fn start(clock: Arc<WallClock>, tokens: Arc<Tokens>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let state = Arc::new(State {
            base: format!("http://{address}"),
            clock,
            tokens,
            issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap(),
            desk: Mutex::new(Desk {
                says: VecDeque::new(),
                asked: Vec::new(),
                orders: Vec::new(),
                accounts: Vec::new(),
                window: None,
                issues_for: None,
                permits: true,
            }),
        });
        let serving = tokio::spawn(serve(listener, state.clone()));
        Self { address, state, serving }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Its desk; nothing is answered while somebody looks.
    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.state.desk.lock().unwrap()
    }

    /// Says this to the next one who asks for a path that begins so.
    pub(super) fn say(&self, path: &str, reply: Reply) {
        self.desk().says.push_back((path.to_owned(), reply));
    }

    /// The names of the orders that it was given, with what each replaces.
    pub(super) fn orders(&self) -> Vec<(String, Value)> {
        self.desk().orders.iter().map(|order| (order.name.clone(), order.replaces.clone())).collect()
    }

    /// How often a path that begins so was asked for.
    pub(super) fn asked(&self, path: &str) -> usize {
        self.desk().asked.iter().filter(|(asked, _)| asked.starts_with(path)).count()
    }

    /// Knows nobody any more.
    pub(super) fn forget_accounts(&self) {
        self.desk().accounts.clear();
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let state = state.clone();
        tokio::spawn(async move { serve_one(stream, &state).await });
    }
}

/// Reads a request and answers it.
async fn serve_one(mut stream: TcpStream, state: &State) -> Option<()> {
    let mut read = Vec::new();
    let end = loop {
        if let Some(end) = read.windows(4).position(|end| end == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(read[..end].to_vec()).ok()?.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |length| length.parse().unwrap());
    while read.len() < end + length {
        if stream.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    }
    let line = String::from_utf8(read.clone()).ok()?.lines().next()?.to_owned();
    let Reply::Answer { status, fields, body: text } = state.answer(&line, &read[end..]) else {
        // Until whoever asks is gone.
        let _ = stream.read_buf(&mut read).await;
        return None;
    };
    let mut answer = format!("HTTP/1.1 {status} Such\r\nreplay-nonce: nonce\r\nconnection: close\r\n");
    for (name, value) in fields {
        answer.push_str(&format!("{name}: {value}\r\n"));
    }
    let text = if line.starts_with("HEAD") { String::new() } else { text };
    answer.push_str(&format!("content-length: {}\r\n\r\n{text}", text.len()));
    stream.write_all(answer.as_bytes()).await.ok()
}

/// The part of a signed message that has this name.
fn part(message: &Value, name: &str) -> Value {
    let text = message.get(name).and_then(Value::as_str).unwrap_or_default();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap_or(Value::Null)
}

impl State {
    fn answer(&self, line: &str, body: &[u8]) -> Reply {
        let path = line.split(' ').nth(1).unwrap().to_owned();
        let message: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let payload = part(&message, "payload");
        let mut desk = self.desk.lock().unwrap();
        desk.asked.push((path.clone(), payload.clone()));
        self.tokens.tell();
        if let Some(index) = desk.says.iter().position(|(asked, _)| path.starts_with(asked.as_str())) {
            return desk.says.remove(index).unwrap().1;
        }
        let account = part(&message, "protected").get("kid").and_then(Value::as_str).map(str::to_owned);
        if account.is_some_and(|account| !desk.accounts.contains(&account)) {
            return Reply::problem(400, "accountDoesNotExist");
        }
        let mut steps = path.trim_start_matches('/').split(['/', '?']);
        let kind = steps.next().unwrap();
        let number: usize = steps.next().and_then(|number| number.parse().ok()).unwrap_or_default();
        match kind {
            "dir" => self.directory(&desk),
            "nonce" => Reply::json(200, &Value::Null),
            "account" => {
                let url = format!("{}/account/{}", self.base, desk.asked.len());
                desk.accounts.push(url.clone());
                Reply::json(201, &json!({ "status": "valid" })).with("location", &url)
            }
            "may" if desk.permits => Reply::json(200, &Value::Null),
            "may" => Reply::json(302, &Value::Null).with("location", &format!("{}/dir", self.base)),
            "renewal" => {
                let (start, end) = desk.window.unwrap();
                let window = json!({ "suggestedWindow": { "start": start, "end": end } });
                Reply::json(200, &window).with("retry-after", "21600")
            }
            "order" if number == 0 => self.order(&mut desk, &payload),
            _ => self.step(&mut desk, &Place { kind, number, which: steps.next() }, &payload),
        }
    }

    fn directory(&self, desk: &Desk) -> Reply {
        let at = |path: &str| format!("{}/{path}", self.base);
        let mut directory = json!({
            "newNonce": at("nonce"), "newAccount": at("account"), "newOrder": at("order"),
            "revokeCert": at("revoke"), "keyChange": at("change"),
        });
        if desk.window.is_some() {
            directory["renewalInfo"] = json!(at("renewal"));
        }
        Reply::json(200, &directory)
    }

    fn order(&self, desk: &mut Desk, payload: &Value) -> Reply {
        desk.orders.push(Order {
            name: payload["identifiers"][0]["value"].as_str().unwrap().to_owned(),
            status: "pending",
            problem: None,
            certificate: String::new(),
            replaces: payload["replaces"].clone(),
        });
        let number = desk.orders.len();
        self.state_of(desk, number, 201).with("location", &format!("{}/order/{number}", self.base))
    }

    fn state_of(&self, desk: &Desk, number: usize, status: u16) -> Reply {
        let order = &desk.orders[number - 1];
        let at = |path: &str| format!("{}/{path}/{number}", self.base);
        let mut state = json!({
            "status": order.status, "authorizations": [at("authz")], "finalize": at("finalize"),
            "certificate": at("certificate"),
        });
        if !order.replaces.is_null() {
            state["replaces"] = order.replaces.clone();
        }
        Reply::json(status, &state)
    }

    fn step(&self, desk: &mut Desk, place: &Place<'_>, payload: &Value) -> Reply {
        let &Place { kind, number, which } = place;
        let token = format!("token-{number}");
        match kind {
            "order" => {}
            "authz" => {
                let order = &desk.orders[number - 1];
                let challenge = |kind: &str| {
                    json!({
                        "type": kind, "url": format!("{}/challenge/{number}/{kind}", self.base), "token": token,
                        "status": "pending", "error": order.problem,
                    })
                };
                let state = json!({
                    "status": if order.status == "ready" { "valid" } else { order.status },
                    "identifier": { "type": "dns", "value": order.name },
                    "challenges": [challenge("dns-01"), challenge("http-01"), challenge("tls-alpn-01")],
                });
                return Reply::json(200, &state);
            }
            "challenge" => {
                let is_met = which == Some("tls-alpn-01") || self.tokens.has(&token);
                let order = &mut desk.orders[number - 1];
                order.status = if is_met { "ready" } else { "invalid" };
                let problem =
                    json!({ "type": "urn:ietf:params:acme:error:unauthorized", "detail": "no answer" });
                order.problem = (!is_met).then_some(problem);
                let state = json!({ "type": which, "url": "", "token": token, "status": "processing" });
                return Reply::json(200, &state);
            }
            "finalize" => {
                let request = BASE64_URL_SAFE_NO_PAD.decode(payload["csr"].as_str().unwrap()).unwrap();
                let certificate = self.issue(request, desk.issues_for);
                let order = &mut desk.orders[number - 1];
                order.certificate = certificate;
                order.status = "valid";
            }
            "certificate" => {
                let body = desk.orders[number - 1].certificate.clone();
                return Reply::Answer { status: 200, fields: Vec::new(), body };
            }
            other => panic!("nothing is at {other}"),
        }
        self.state_of(desk, number, 200)
    }

    /// Issues for 90 days, since an hour ago.
    fn issue(&self, request: Vec<u8>, instead: Option<&str>) -> String {
        let mut request = CertificateSigningRequestParams::from_der(&request.into()).unwrap();
        if let Some(name) = instead {
            request.params.subject_alt_names =
                CertificateParams::new([name.to_owned()]).unwrap().subject_alt_names;
        }
        let from: SystemTime = self.clock.now() - DAY / 24;
        request.params.not_before = from.into();
        request.params.not_after = (from + 90 * DAY).into();
        request.params.use_authority_key_identifier_extension = true;
        let certificate = request.signed_by(&self.issuer).unwrap();
        certificate.pem() + &self.issuer.pem()
    }
}
