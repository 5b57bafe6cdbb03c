mod secure;

use super::*;
use crate::ctl::fake::{Fake, Reply, json, problem, tagged};
use crate::ctl::input::Input;
use crate::ctl::options::{Reach, Write};

const LIMIT: Duration = Duration::from_secs(20);

fn client(fake: &Fake, token: Option<Token>, limit: Duration) -> Client {
    Client::new(fake.address().parse().unwrap(), None, token, limit)
}

fn token(variable: &'static str) -> Result<Option<Token>, TokenError> {
    let input = Input { read: &|path| Ok(format!(" {}\n", path.display())) };
    Token::find(&Reach::default(), &input, &|name| (name == "PROXYD_TOKEN").then(|| variable.into()))
}

#[tokio::test]
async fn a_question_says_who_asks_and_under_which_reservation() {
    let fake = Fake::answering(vec![tagged("200 OK", "\"t\"", "{\"id\":\"a\"}")]);
    let mut client = client(&fake, token("secret").unwrap(), LIMIT);
    let write = Write { if_match: Some("\"x\"".into()), ..Write::default() };
    let call = Call::new(Method::PUT, &["routes", "a"]).body(serde_json::json!({ "id": "a" })).under(&write);
    let answer = client.ask(&call).await.unwrap();
    assert_eq!(
        (answer.status, answer.tag.as_deref(), &*answer.body),
        (StatusCode::OK, Some("\"t\""), &b"{\"id\":\"a\"}"[..])
    );
    let asked = &fake.asked()[0];
    assert_eq!(asked.line, "PUT /api/v1/routes/a");
    for (name, value) in [
        ("host", "localhost"),
        ("authorization", "Bearer secret"),
        ("if-match", "\"x\""),
        ("content-type", "application/json"),
    ] {
        assert_eq!(asked.field(name), Some(value));
    }
    assert_eq!(asked.body, "{\"id\":\"a\"}");
}

#[tokio::test]
async fn questions_go_over_one_connection_for_as_long_as_it_stands() {
    let Reply::Kept(bytes) = json("200 OK", "1") else { panic!() };
    let fake = Fake::answering(vec![json("200 OK", "0"), Reply::Last(bytes), json("200 OK", "2")]);
    let mut client = client(&fake, None, LIMIT);
    for expected in ["0", "1", "2"] {
        let answer = client.ask(&Call::get(&["stats"])).await.unwrap();
        assert_eq!(answer.body, expected);
    }
    let connections: Vec<usize> = fake.asked().iter().map(|asked| asked.connection).collect();
    assert_eq!(connections, [0, 0, 1]);
}

#[tokio::test]
async fn refusals_and_redirects_are_answers() {
    let fake = Fake::answering(vec![
        problem("409 Conflict", "{}"),
        Reply::Kept(
            b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n".to_vec(),
        ),
    ]);
    let mut client = client(&fake, None, LIMIT);
    assert_eq!(client.ask(&Call::get(&[])).await.unwrap().status, StatusCode::CONFLICT);
    assert_eq!(client.ask(&Call::get(&[])).await.unwrap().status, StatusCode::FOUND);
    assert_eq!(fake.lines().len(), 2);
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_not_waited_for() {
    let fake = Fake::answering(vec![Reply::Silence]);
    let error = client(&fake, None, Duration::from_millis(50)).ask(&Call::get(&[])).await.unwrap_err();
    assert!(error.to_string().contains("within 50ms"), "{error}");
}

#[tokio::test]
async fn an_answer_without_an_end_is_not_held() {
    let mut bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\n".to_vec();
    bytes.resize(bytes.len() + LONGEST_BODY + 1, b'x');
    let fake = Fake::answering(vec![Reply::Last(bytes)]);
    let error = client(&fake, None, LIMIT).ask(&Call::get(&[])).await.unwrap_err();
    assert!(error.to_string().contains("longer than 67108864 bytes"), "{error}");
}

#[tokio::test]
async fn what_is_not_http_is_told() {
    for bytes in [&b"SSH-2.0-x\r\n"[..], b"", b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nx"] {
        let fake = Fake::answering(vec![Reply::Last(bytes.to_vec())]);
        let error = client(&fake, None, LIMIT).ask(&Call::get(&[])).await.unwrap_err();
        assert!(error.to_string().contains("admin.sock"), "{error}");
    }
}

#[tokio::test]
async fn nobody_there_is_told_with_the_way_out() {
    let address: Address = "unix:/nowhere/admin.sock".parse().unwrap();
    let error = Client::new(address, None, None, LIMIT).ask(&Call::get(&[])).await.unwrap_err();
    let told = error.to_string();
    assert!(
        told.starts_with("no connection to unix:/nowhere/admin.sock: ")
            && told.ends_with("does the proxy run?"),
        "{told}"
    );
}

#[tokio::test]
async fn a_stream_is_a_stream_or_an_answer() {
    let events = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n".to_vec();
    let fake = Fake::answering(vec![Reply::Last(events)]);
    let mut asking = client(&fake, None, LIMIT);
    let stream = asking.stream(&Call::get(&["events"])).await.unwrap();
    let body = stream.unwrap_or_else(|_| panic!()).collect().await.unwrap().to_bytes();
    assert_eq!(body, "data: 1\n\n");
    let fake = Fake::answering(vec![problem("429 Too Many Requests", "{\"detail\":\"enough\"}")]);
    let stream = client(&fake, None, LIMIT).stream(&Call::get(&["events"])).await.unwrap();
    assert_eq!(stream.unwrap_err().status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn what_was_to_be_secret_never_goes_in_the_clear() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: Address = format!("https://{}", listener.local_addr().unwrap()).parse().unwrap();
    let error = Client::new(address, None, None, LIMIT).ask(&Call::get(&[])).await.unwrap_err();
    assert!(error.to_string().contains("TLS is not set up"), "{error}");
}

#[test]
fn a_token_comes_from_a_file_or_the_environment_and_is_one_word() {
    let field = |variable| token(variable).unwrap().map(|token| token.field());
    assert_eq!(field(" abc\n").unwrap(), "Bearer abc");
    assert!(field("abc").unwrap().is_sensitive());
    assert!(field("").is_none());
    for wrong in ["a b", "a\nb", "é", " "] {
        assert!(token(wrong).is_err(), "{wrong:?}");
    }
    let reach = Reach { token_file: Some("from-file".into()), ..Reach::default() };
    let input = Input { read: &|path| Ok(format!("{}\n", path.display())) };
    let found = Token::find(&reach, &input, &|_| Some("from-environment".into())).unwrap().unwrap();
    assert_eq!(found.field(), "Bearer from-file");
}
