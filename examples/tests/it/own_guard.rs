use proxyd_examples::own_guard::{Tokens, proxy};
use proxyd_examples::trial::{Answer, Client, Running, backend, telling};

/// The answer to a request with these fields, and how often a guard has refused.
async fn ask(fields: &[&str]) -> (Answer, u64) {
    let tokens = Tokens::new([("ada", "first-token"), ("grace", "second-token")]);
    let proxy = proxy(backend("orders-1", telling("orders")).await.unwrap(), tokens).unwrap();
    let handle = proxy.handle();
    let running = Running::start(proxy).await.unwrap();
    let mut client = Client::connect(running.address).await.unwrap();
    let answer = client.get("/orders", fields).await.unwrap();
    drop(client);
    running.stop().await.unwrap();
    (answer, handle.request_reasons().get("guarded").copied().unwrap_or_default())
}

#[track_caller]
fn assert_refused((answer, refused): &(Answer, u64), reason: &str) {
    assert_eq!((answer.status, *refused), (401, 1));
    assert_eq!(answer.field("www-authenticate"), Some("Bearer realm=\"orders\""));
    assert!(answer.body.contains(&format!("\"reason\":\"{reason}\"")), "{}", answer.body);
}

#[tokio::test]
async fn a_request_without_a_token_is_answered_by_the_guard() {
    assert_refused(&ask(&[]).await, "token_missing");
    assert_refused(
        &ask(&["Authorization: Bearer first-token", "Authorization: Bearer first-token"]).await,
        "token_missing",
    );
}

#[tokio::test]
async fn a_wrong_token_is_answered_by_the_guard() {
    for given in
        ["Bearer first-toke", "Bearer first-tokem", "Bearer first-token2", "Basic first-token", "Bearer "]
    {
        assert_refused(&ask(&[&format!("Authorization: {given}")]).await, "token_unknown");
    }
}

#[tokio::test]
async fn a_right_token_passes_and_the_backend_learns_whose_it_was() {
    let (answer, refused) = ask(&["Authorization: Bearer second-token"]).await;
    assert_eq!((answer.status, refused), (200, 0));
    assert!(answer.body.contains("\nx-caller: grace\n"), "{}", answer.body);
    assert!(!answer.body.contains("second-token"), "{}", answer.body);
}

#[tokio::test]
async fn a_client_cannot_say_who_it_is() {
    let forged = ["Authorization: Bearer first-token", "X-Caller: root", "x_caller: root"];
    let (answer, _) = ask(&forged).await;
    assert!(answer.body.contains("\nx-caller: ada\n"), "{}", answer.body);
    assert!(!answer.body.contains("root"), "{}", answer.body);
}
