use http::{HeaderMap, HeaderValue, Response};
use tokio::io::duplex;

use super::*;
use crate::bench::messages::Style;

const TWO: Expected = Expected { body: 2, is_grpc: false };

/// What an exchange makes of a response of `status` and `body` with the trailer `outcome`.
fn result(
    expected: Expected,
    status: u16,
    body: &'static str,
    outcome: Option<&'static str>,
) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (near, far) = duplex(64 * 1024);
        tokio::spawn(async move {
            let mut proxy = h2::server::handshake(far).await.unwrap();
            while let Some(Ok((_, mut respond))) = proxy.accept().await {
                let head = Response::builder().status(status).body(()).unwrap();
                let mut rest = respond.send_response(head, false).unwrap();
                rest.send_data(Bytes::from(body), outcome.is_none()).unwrap();
                if let Some(outcome) = outcome {
                    let value = HeaderValue::from_static(outcome);
                    let trailers = HeaderMap::from_iter([("grpc-status".parse().unwrap(), value)]);
                    rest.send_trailers(trailers).unwrap();
                }
            }
        });
        let (mut requests, connection) = h2::client::handshake(near).await.unwrap();
        tokio::spawn(connection);
        exchange(&mut requests, &Call::get(Style::Tiny, "http").unwrap(), expected).await
    })
}

#[test]
fn a_response_of_the_right_length_is_an_answer() {
    assert_eq!(result(TWO, 200, "ab", None), Ok(()));
}

#[test]
fn other_responses_are_errors() {
    assert_eq!(result(TWO, 502, "ab", None).unwrap_err(), "unexpected response: 502 Bad Gateway");
    assert_eq!(result(TWO, 200, "a", None).unwrap_err(), "a body has 1 bytes, not 2");
    assert_eq!(result(TWO, 200, "abc", None).unwrap_err(), "a body has 3 bytes, not 2");
}

#[test]
fn a_call_must_say_that_it_went_well() {
    let call = Expected { is_grpc: true, ..TWO };
    assert_eq!(result(call, 200, "ab", Some("0")), Ok(()));
    assert_eq!(result(call, 200, "ab", Some("14")).unwrap_err(), "grpc-status is \"14\", not 0");
    assert_eq!(result(call, 200, "ab", None).unwrap_err(), "a response has no grpc-status");
}
