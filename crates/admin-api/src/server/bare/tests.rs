use super::*;

const BARE: &str = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\ndate: Wed, 26 Nov 2025 03:51:47 GMT\r\n\r\n";
const OURS: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

#[test]
fn what_the_library_answers_is_found() {
    assert_eq!(find(BARE.as_bytes()), Some((0, StatusCode::BAD_REQUEST)));
    let behind = format!("{OURS}{BARE}");
    assert_eq!(find(behind.as_bytes()), Some((OURS.len(), StatusCode::BAD_REQUEST)));
    let long = BARE.replace("400 Bad Request", "431 Request Header Fields Too Large");
    assert_eq!(find(long.as_bytes()).unwrap().1, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
}

#[test]
fn what_we_answer_is_not() {
    for text in [
        "",
        "\r\n\r\n",
        OURS,
        "HTTP/1.1 404 Not Found\r\nx-request-id: 1\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.",
        "HTTP/1.\r\n\r\n",
        "HTTP/1.1 4\u{e9}0\r\n\r\n",
    ] {
        assert_eq!(find(text.as_bytes()), None, "{text}");
    }
    assert_eq!(find(&BARE.as_bytes()[..BARE.len() - 1]), None);
}

#[test]
fn its_place_is_taken_by_a_problem() {
    let answer = String::from_utf8(answer(problem(StatusCode::BAD_REQUEST), &RequestId::new())).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{head}");
    assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
    for field in [
        "x-request-id: ",
        "cache-control: no-store\r\n",
        "connection: close\r\n",
        "content-type: application/problem+json",
    ] {
        assert!(head.contains(field), "{head}");
    }
    assert!(body.contains("\"code\":\"bad_request\""), "{body}");
}
