use super::*;

#[test]
fn http2_carries_the_fields_of_http1_but_those_about_the_connection() {
    let tiny = Call::get(Style::Tiny, "http").unwrap();
    assert_eq!(tiny.head.uri().authority().map(http::uri::Authority::as_str), Some("app.example.test"));
    assert_eq!((tiny.head.headers().len(), tiny.body.len()), (2, 0));
    let browser = Call::get(Style::Browser, "https").unwrap();
    assert_eq!(browser.head.headers().len(), 13);
    assert_eq!(browser.head.uri().scheme_str(), Some("https"));
    assert!(!browser.head.headers().contains_key("connection"));
}

#[test]
fn a_unary_call_says_that_it_takes_trailers() {
    let call = Call::unary(13).unwrap();
    assert_eq!(call.head.method(), Method::POST);
    assert_eq!(call.head.headers().get(TE).unwrap(), "trailers");
    assert_eq!(call.head.headers().get(CONTENT_TYPE).unwrap(), "application/grpc");
}
