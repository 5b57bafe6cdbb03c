use std::time::Duration;

use admin_api::{
    AdminAddress, AdminServer, AdminSettings, BindError, ClientSettings, Rate, Role, TokenSettings,
};
use aws_lc_rs::digest::{SHA256, digest};

use super::house::{House, request, settings};

pub(super) fn token(name: &str, text: &str, role: Role) -> TokenSettings {
    TokenSettings::new(name, digest(&SHA256, text.as_bytes()).as_ref().try_into().unwrap(), role)
}

fn guarded() -> AdminSettings {
    let mut settings = settings();
    settings.tokens = vec![token("ops", "secret-1", Role::Write), token("eyes", "secret-2", Role::Read)];
    settings
}

#[tokio::test]
async fn tokens_say_who_may_do_what() {
    let house = House::open(guarded());
    for (line, fields, expected) in [
        ("GET /who", "Authorization: Bearer secret-1", "200"),
        ("GET /who", "Authorization: Bearer secret-2", "200"),
        ("HEAD /who", "Authorization: Bearer secret-2", "200"),
        ("POST /change", "Authorization: Bearer secret-1", "200"),
        ("POST /change", "Authorization: Bearer secret-2", "403 auth_denied"),
        ("DELETE /change", "Authorization: Bearer secret-2", "403 auth_denied"),
        ("BREW /change", "Authorization: Bearer secret-2", "403 auth_denied"),
        ("GET /who", "", "401 auth_missing"),
        ("GET /nothing/here", "", "401 auth_missing"),
        ("GET /who", "Authorization: Bearer secret-3", "401 auth_invalid"),
        ("GET /who", "Authorization: Basic c2VjcmV0LTE6", "401 auth_invalid"),
        ("GET /who?token=secret-1", "", "401 auth_missing"),
    ] {
        let answer = house.ask(request(line, fields, "")).await;
        assert_eq!(answer.verdict(), expected, "{line} {fields}");
        assert_eq!(
            answer.status == 401,
            answer.field("www-authenticate").starts_with("Bearer"),
            "{answer:?}"
        );
    }
    let answer = house.ask(request("GET /who", "Authorization: bearer secret-2", "")).await;
    assert_eq!(answer.body, "eyes Read");
}

#[tokio::test]
async fn guesses_run_out() {
    let mut settings = guarded();
    settings.failures = Rate::new(3, Duration::from_secs(3_000));
    let house = House::open(settings);
    let guess = request("GET /who", "Authorization: Bearer guess", "");
    for _ in 0..3 {
        assert_eq!(house.ask(&guess).await.verdict(), "401 auth_invalid");
    }
    let answer = house.ask(&guess).await;
    assert_eq!(answer.verdict(), "429 rate_limited");
    assert!(!answer.field("retry-after").is_empty());
    // Others behind the same address shut nobody out.
    let right = request("GET /who", "Authorization: Bearer secret-1", "");
    assert_eq!(house.ask(right).await.verdict(), "200");
    assert_eq!(house.ask(request("GET /who", "", "")).await.verdict(), "401 auth_missing");
}

#[tokio::test]
async fn right_tokens_and_none_cost_nothing() {
    let mut settings = guarded();
    settings.failures = Rate::new(1, Duration::from_secs(3_000));
    let house = House::open(settings);
    for _ in 0..5 {
        let right = request("GET /who", "Authorization: Bearer secret-1", "");
        assert_eq!(house.ask(right).await.verdict(), "200");
        assert_eq!(house.ask(request("GET /who", "", "")).await.verdict(), "401 auth_missing");
    }
}

#[tokio::test]
async fn what_strangers_can_reach_needs_something_to_show() {
    for address in ["0.0.0.0:0", "[::]:0"] {
        let open = AdminSettings::new(AdminAddress::Tcp(address.parse().unwrap()));
        let error = AdminServer::bind(open.clone()).unwrap_err();
        assert!(matches!(error, BindError::Unprotected { .. }), "{error}");
        let mut with_tokens = open.clone();
        with_tokens.tokens = guarded().tokens;
        AdminServer::bind(with_tokens).unwrap();
        let mut with_clients = open;
        with_clients.clients = vec![ClientSettings::new("CN=alice", Role::Read)];
        AdminServer::bind(with_clients).unwrap();
    }
}

#[tokio::test]
async fn settings_show_no_hash() {
    let shown = format!("{:?} {:?}", guarded(), AdminServer::bind(guarded()).unwrap());
    let hash = guarded().tokens[0].sha256;
    assert!(!shown.contains(&format!("{}, {}", hash[0], hash[1])), "{shown}");
}

#[tokio::test]
async fn an_address_in_use_and_a_host_that_is_none_are_told() {
    let house = House::open(settings());
    let again = AdminSettings::new(house.address.clone());
    assert!(matches!(AdminServer::bind(again), Err(BindError::InUse { .. })));
    let mut odd = settings();
    odd.hosts = vec!["http://a".into()];
    assert!(matches!(AdminServer::bind(odd), Err(BindError::Host { host }) if host == "http://a"));
}
