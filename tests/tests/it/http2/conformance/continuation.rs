//! CONTINUATION: RFC 9113 section 6.10.

use harness::frames::{Frame, code};

use super::front;
use crate::it::http2::case::Want::{Answer, ConnectionError};
use crate::it::http2::case::{Case, check, get, more, post};

#[test]
fn continuation_follows_a_field_block_that_is_not_whole_and_nothing_else_does() {
    let front = front();
    let wrong =
        |name, frames: &[Frame]| Case::new(name).send(frames).see(ConnectionError(&[code::PROTOCOL_ERROR]));
    let next = || Frame::continuation(1, more());
    let cases = [
        Case::new("6.10 several behind HEADERS")
            .send(&[get(1).unfinished(), next().unfinished(), next()])
            .see(Answer),
        wrong(
            "6.10 DATA behind one that does not end",
            &[post(1).unfinished(), next().unfinished(), Frame::data(1, "test").end()],
        ),
        wrong("6.10 one of stream 0", &[get(1).unfinished(), Frame::continuation(0, more())]),
        wrong("6.10 one behind HEADERS that end", &[get(1), next()]),
        wrong("6.10 one behind one that ends", &[get(1).unfinished(), next(), next()]),
        wrong(
            "6.10 one behind DATA",
            &[
                post(1).unfinished(),
                Frame::data(1, "test").end(),
                next().unfinished(),
                Frame::continuation(0, more()),
            ],
        ),
    ];
    check(&front.proxyd.address(), &cases);
}
