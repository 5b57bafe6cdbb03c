use super::*;

#[tokio::test]
async fn requests_are_read_one_after_another_with_either_framing() {
    let bytes: &[u8] = b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc\
        PUT /d HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\nT: v\r\n\r\n\
        GET /e HTTP/1.1\r\nConnection: close\r\n\r\n";
    let mut from = bytes;
    let mut seen = Vec::new();
    while let Some(request) = read(&mut from).await.unwrap() {
        seen.push((request.path().to_owned(), request.body, request.is_kept_alive));
    }
    assert_eq!(seen, [("/a".into(), 3, true), ("/d".into(), 3, true), ("/e".into(), 0, false)]);
}

#[tokio::test]
async fn a_body_that_is_cut_short_is_an_error() {
    let mut from: &[u8] = b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab";
    assert_eq!(read(&mut from).await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
}
