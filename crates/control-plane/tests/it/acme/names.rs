//! A name server for which every name is this machine.

use std::net::{SocketAddr, UdpSocket};
use std::sync::OnceLock;
use std::thread;

/// The types that are answered: RFC 1035 section 3.2.2.
const A: u16 = 1;

/// Where it listens; it runs until the process ends.
pub(super) fn here() -> SocketAddr {
    static HERE: OnceLock<SocketAddr> = OnceLock::new();
    *HERE.get_or_init(|| {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        thread::spawn(move || serve(&socket));
        address
    })
}

fn serve(socket: &UdpSocket) {
    let mut query = [0; 1500];
    while let Ok((length, from)) = socket.recv_from(&mut query) {
        if let Some(answer) = query.get(..length).and_then(answer) {
            let _ = socket.send_to(&answer, from);
        }
    }
}

/// RFC 1035 section 4.1. Every name has the address 127.0.0.1, and nothing else.
fn answer(query: &[u8]) -> Option<Vec<u8>> {
    let (head, rest) = query.split_at_checked(12)?;
    let mut name = rest;
    let mut length = 0;
    while let Some((&label, tail)) = name.split_first().filter(|(label, _)| **label > 0) {
        length += usize::from(label) + 1;
        name = tail.get(usize::from(label)..)?;
    }
    let question = rest.get(..length + 5)?;
    let is_address = question.get(length + 1..length + 3)? == A.to_be_bytes();
    let mut answer = head.get(..2)?.to_vec();
    // A response to a recursive query without error; one question, and an answer or none.
    answer.extend([0x81, 0x80, 0, 1, 0, u8::from(is_address), 0, 0, 0, 0]);
    answer.extend(question);
    if is_address {
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
    }
    Some(answer)
}
