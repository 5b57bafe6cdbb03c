use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::super::dial::{Dial, Dialling, Io, Target};
use super::{LONGEST_BODY, LONGEST_HEAD, ask, is_trustworthy, target};

const LIMIT: Duration = Duration::from_secs(30);

/// Connects to one address, wherever it is told to.
struct Fixed(SocketAddr);

impl Dial for Fixed {
    fn dial<'a>(&'a self, _: &'a Target) -> Dialling<'a> {
        Box::pin(async {
            let stream: Box<dyn Io> = Box::new(TcpStream::connect(self.0).await.unwrap());
            Ok(stream)
        })
    }
}

/// Answers one request with these bytes, and closes; gives what came.
async fn answering(answer: Vec<u8>) -> (Fixed, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\nbody") {
            assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0, "the request ended");
        }
        let _ = stream.write_all(&answer).await;
        let _ = stream.shutdown().await;
        String::from_utf8(request).unwrap()
    });
    (Fixed(address), serving)
}

fn request(url: &str) -> Request<Full<Bytes>> {
    let request = Request::post(url).header("user-agent", "library/1");
    request.body(Full::from("body")).unwrap()
}

/// Why there is no answer, to the last reason.
async fn failing(answer: &[u8]) -> String {
    let (dial, serving) = answering(answer.to_vec()).await;
    let error = ask(&dial, request("http://authority.example/"), LIMIT).await.unwrap_err();
    serving.await.unwrap();
    let source = error.source().map(ToString::to_string).unwrap_or_default();
    format!("{error}: {source}")
}

#[tokio::test]
async fn a_request_goes_out_in_origin_form_and_its_answer_comes_back_whole() {
    let answer = b"HTTP/1.1 201 Created\r\nlocation: /x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    let (dial, serving) = answering(answer.to_vec()).await;
    let answer = ask(&dial, request("https://authority.example:14000/a/b?c=d"), LIMIT).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (201, &b"abcde"[..]));
    let sent = serving.await.unwrap();
    let lines: Vec<&str> = sent.lines().collect();
    assert_eq!(lines[0], "POST /a/b?c=d HTTP/1.1");
    for line in ["host: authority.example:14000", "connection: close", "content-length: 4"] {
        assert!(lines.contains(&line), "{line}: {sent}");
    }
    assert!(
        sent.contains(concat!("user-agent: proxyd/", env!("CARGO_PKG_VERSION"), " library/1\r\n")),
        "{sent}"
    );
}

#[tokio::test]
async fn what_is_no_answer_is_told() {
    let text = failing(b"SSH-2.0-x\r\n").await;
    assert!(text.starts_with("no answer in HTTP/1.1 from authority.example: "), "{text}");
    let text = failing(b"").await;
    assert!(text.starts_with("no answer in HTTP/1.1 from authority.example: "), "{text}");
    let text = failing(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").await;
    assert!(text.starts_with("the answer from authority.example is not whole: "), "{text}");
}

#[tokio::test]
async fn an_answer_has_bounds() {
    let long = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(LONGEST_BODY + 1));
    let text = failing(long.as_bytes()).await;
    assert_eq!(text, "the answer from authority.example is not whole: it is longer than 262144 bytes");
    let most = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(LONGEST_BODY));
    let (dial, serving) = answering(most.into_bytes()).await;
    let answer = ask(&dial, request("http://authority.example/"), LIMIT).await.unwrap();
    assert_eq!(answer.body().len(), LONGEST_BODY);
    serving.await.unwrap();
    let head = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(4 * LONGEST_HEAD));
    let text = failing(head.as_bytes()).await;
    assert!(text.starts_with("no answer in HTTP/1.1 from authority.example: "), "{text}");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_waited_for_without_an_end() {
    /// Never connects.
    struct Never;

    impl Dial for Never {
        fn dial<'a>(&'a self, _: &'a Target) -> Dialling<'a> {
            Box::pin(std::future::pending())
        }
    }

    let error = ask(&Never, request("https://authority.example/"), LIMIT).await.unwrap_err();
    assert_eq!(error.to_string(), "no answer from authority.example within 30 s");
}

#[test]
fn it_is_known_where_a_url_leads() {
    for (url, host, port, is_secure) in [
        ("https://a.example", "a.example", 443, true),
        ("http://a.example/x", "a.example", 80, false),
        ("HTTPS://a.example:8443/x?y", "a.example", 8443, true),
        ("https://[2001:db8::1]/x", "[2001:db8::1]", 443, true),
    ] {
        let found = target(&url.parse().unwrap()).unwrap();
        assert_eq!(found, Target { host: host.into(), port, is_secure }, "{url}");
    }
    for url in ["/x", "a.example", "ftp://a.example/", "https://user@a.example/", "https://:443/"] {
        let uri = url.parse::<http::Uri>();
        assert!(uri.is_err() || target(&uri.unwrap()).is_err(), "{url}");
    }
}

#[test]
fn only_what_nobody_else_hears_is_trustworthy() {
    for (url, expected) in [
        ("https://authority.example/dir", true),
        ("http://127.0.0.1:14000/dir", true),
        ("http://[::1]/dir", true),
        ("http://localhost/dir", true),
        ("http://authority.example/dir", false),
        ("http://10.0.0.1/dir", false),
        ("http://localhost.example/dir", false),
        ("nonsense", false),
    ] {
        assert_eq!(is_trustworthy(url), expected, "{url}");
    }
}
