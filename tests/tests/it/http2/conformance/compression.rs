//! HPACK: RFC 7541.

use harness::frames::{Fields, Frame, code, flag, setting};

use super::front;
use crate::it::http2::case::Want::{Answer, ConnectionError};
use crate::it::http2::case::{Case, check, get_and};

/// `user-agent` and `h2spec`, `x-test` and `h2spec`: each plain and in Huffman code.
const USER_AGENT: &[u8] = b"\x0auser-agent\x06h2spec";
const USER_AGENT_CODED: &[u8] = b"\x87\xb5\x05\xb1\x61\xcc\x5a\x93\x84\x9c\x48\xac\xa4";
const X_TEST: &[u8] = b"\x06x-test\x06h2spec";
const X_TEST_CODED: &[u8] = b"\x85\xf2\xb2\x4a\x84\xff\x84\x9c\x48\xac\xa4";
/// `user-agent` by its index in the static table, with four bits and with six, and `h2spec`.
const INDEXED_NAME: &[u8] = b"\x0f\x2b\x06h2spec";
const INDEXED_NAME_ADDED: &[u8] = b"\x7a\x06h2spec";

fn taken(name: &'static str, first: &[u8], rest: &[u8]) -> Case {
    Case::new(name).send(&[get_and(&[first, rest].concat())]).see(Answer)
}

#[test]
fn every_representation_is_decoded() {
    let front = front();
    let sized = |sizes: &[u8]| {
        let block = [sizes, &Fields::request("GET", "/").block()].concat();
        Frame::block(1, block).with(flag::END_STREAM)
    };
    let cases = [
        taken("6.1 indexed", b"\xba", b""),
        taken("6.1 indexed, from the dynamic table", b"\x40\x06x-test\x06h2spec", b"\xbe"),
        taken("6.2.1 added to the table", b"\x40", USER_AGENT),
        taken("6.2.1 added to the table, in Huffman code", b"\x40", USER_AGENT_CODED),
        taken("6.2.1 added to the table, a new name", b"\x40", X_TEST),
        taken("6.2.1 added to the table, a new name in Huffman code", b"\x40", X_TEST_CODED),
        taken("6.2.1 added to the table, an indexed name", b"", INDEXED_NAME_ADDED),
        taken("6.2.2 not added", b"\x00", USER_AGENT),
        taken("6.2.2 not added, in Huffman code", b"\x00", USER_AGENT_CODED),
        taken("6.2.2 not added, a new name", b"\x00", X_TEST),
        taken("6.2.2 not added, a new name in Huffman code", b"\x00", X_TEST_CODED),
        taken("6.2.2 not added, an indexed name", b"", INDEXED_NAME),
        taken("6.2.3 never added", b"\x10", USER_AGENT),
        taken("6.2.3 never added, in Huffman code", b"\x10", USER_AGENT_CODED),
        taken("6.2.3 never added, a new name", b"\x10", X_TEST),
        taken("6.2.3 never added, a new name in Huffman code", b"\x10", X_TEST_CODED),
        Case::new("6.3 a size of the table").send(&[sized(b"\x20")]).see(Answer),
        Case::new("4.2 several sizes of the table").send(&[sized(b"\x20\x3f\xe1\x1f")]).see(Answer),
    ];
    check(&front.proxyd.address(), &cases);
}

#[test]
fn a_field_block_that_cannot_be_decoded_ends_the_connection() {
    let front = front();
    let wrong = |name, rest: &[u8]| {
        Case::new(name).send(&[get_and(rest)]).see(ConnectionError(&[code::COMPRESSION_ERROR]))
    };
    let cases = [
        wrong("2.3.3 an index beyond the tables", b"\xfe"),
        wrong("2.3.3 an index of a name beyond the tables", b"\x7e\x02ok"),
        wrong("4.2 a size of the table behind the fields", b"\x3f\xe1\x1f"),
        wrong("5.2 padding of more than seven bits", b"\x00\x85\xf2\xb2\x4a\x84\xff\x84\x49\x50\x9f\xff"),
        wrong("5.2 padding of zeros", b"\x00\x85\xf2\xb2\x4a\x84\xff\x83\x49\x50\x90"),
        wrong("5.2 the end of a string within it", b"\x00\x85\xf2\xb2\x4a\x87\xff\xff\xff\xfd\x25\x42\x7f"),
        wrong("6.1 an index of 0", b"\x80"),
        wrong(
            "5.1 an integer without an end",
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x0f",
        ),
        wrong("5.2 a string that is longer than the block", b"\x00\x7fx-test"),
        Case::new("6.3 a table larger than was allowed")
            .send_for(|proxy| {
                let most = proxy.setting(setting::HEADER_TABLE_SIZE).unwrap_or(4096);
                let block = [size_of_table(most + 1), Fields::request("GET", "/").block()].concat();
                vec![Frame::block(1, block).with(flag::END_STREAM)]
            })
            .see(ConnectionError(&[code::COMPRESSION_ERROR])),
    ];
    check(&front.proxyd.address(), &cases);
}

/// RFC 7541 sections 5.1 and 6.3.
fn size_of_table(size: u32) -> Vec<u8> {
    let Some(mut rest) = size.checked_sub(31) else { return vec![0x20 | size as u8] };
    let mut bytes = vec![0x3f];
    while rest >= 0x80 {
        bytes.push(0x80 | (rest & 0x7f) as u8);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes
}
