use super::*;

const STREAM: &str = "\u{feff}: hello\r\nretry: 10\n\nevent: request.completed\rid: 7\rdata: {\"a\":\rdata:1}\r\r\n\
    data\n\nid: a\0b\nevent: x\n\nevent: lost\ndata:  3\r\n\r\nnonsense\ndata: é\n\ndata: never ended\n";

fn event(kind: &str, data: &str) -> Event {
    Event { kind: kind.into(), data: data.into(), id: "7".into() }
}

fn expected() -> Vec<Event> {
    vec![
        event("request.completed", "{\"a\":\n1}"),
        event("message", ""),
        event("lost", " 3"),
        event("message", "é"),
    ]
}

#[test]
fn events_are_the_same_wherever_bytes_are_split() {
    let bytes = STREAM.as_bytes();
    for at in 0..=bytes.len() {
        let mut parser = Parser::default();
        let mut events = parser.push(&bytes[..at]).unwrap();
        events.extend(parser.push(&bytes[at..]).unwrap());
        assert_eq!(events, expected(), "split at {at}");
    }
    for size in 1..9 {
        let mut parser = Parser::default();
        let events: Vec<Event> = bytes.chunks(size).flat_map(|chunk| parser.push(chunk).unwrap()).collect();
        assert_eq!(events, expected(), "pieces of {size}");
    }
}

#[test]
fn what_is_held_is_bounded() {
    let mut parser = Parser::default();
    let piece = vec![b'x'; 64 << 10];
    let refused = (0..64).find(|_| parser.push(&piece).is_err());
    assert_eq!(refused, Some(16));
    let mut parser = Parser::default();
    let line = format!("data: {}\n", "x".repeat(64 << 10));
    let refused = (0..64).find(|_| parser.push(line.as_bytes()).is_err());
    assert_eq!(refused, Some(15));
}

#[test]
fn random_bytes_do_no_harm() {
    let mut seed = 7_u64;
    for _ in 0..2000 {
        let bytes: Vec<u8> = (0..40)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                b"\r\n\r\n: dateivnx\xff\0\xc3"[usize::try_from(seed >> 59).unwrap() % 17]
            })
            .collect();
        let mut parser = Parser::default();
        let whole = parser.push(&bytes).unwrap();
        let mut parser = Parser::default();
        let split: Vec<Event> = bytes.iter().flat_map(|byte| parser.push(&[*byte]).unwrap()).collect();
        assert_eq!(whole, split, "{bytes:?}");
    }
}
