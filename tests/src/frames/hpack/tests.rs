use super::Decoder;
use crate::frames::Fields;

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let (pairs, _) = digits.as_chunks::<2>();
    pairs.iter().map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[track_caller]
fn check(decoder: &mut Decoder, hex: &str, fields: &[(&str, &str)]) {
    let fields = fields.iter().fold(Fields::new(), |fields, (name, value)| fields.and(name, value));
    assert_eq!(decoder.decode(&bytes(hex)), Ok(fields));
}

/// RFC 7541 appendix C.4: Huffman code, and a table that outlives a block.
#[test]
fn requests_of_the_appendix_are_decoded() {
    let mut decoder = Decoder::new();
    let start = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "www.example.com")];
    check(&mut decoder, "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", &start);
    let second = [&start[..], &[("cache-control", "no-cache")]].concat();
    check(&mut decoder, "8286 84be 5886 a8eb 1064 9cbf", &second);
    let third = [
        (":method", "GET"),
        (":scheme", "https"),
        (":path", "/index.html"),
        (":authority", "www.example.com"),
        ("custom-key", "custom-value"),
    ];
    check(&mut decoder, "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf", &third);
}

/// Every byte has a code, and all of them are found again.
#[test]
fn every_byte_is_decoded() {
    use super::{huffman::Huffman, table::BITS};
    let mut order: Vec<usize> = (0..257).collect();
    order.sort_by_key(|&symbol| BITS[symbol]);
    let (mut code, mut length) = (0_u64, BITS[order[0]]);
    for symbol in order {
        code <<= BITS[symbol] - length;
        length = BITS[symbol];
        let padding = (8 - length % 8) % 8;
        let padded = ((code + 1) << padding) - 1;
        let coded = padded.to_be_bytes()[8 - usize::from(length + padding) / 8..].to_vec();
        match u8::try_from(symbol) {
            Ok(byte) => assert_eq!(Huffman::new().decode(&coded), Ok(vec![byte])),
            Err(_) => assert!(Huffman::new().decode(&coded).is_err()),
        }
        code += 1;
    }
}

#[test]
fn what_is_sent_without_a_table_is_decoded() {
    for length in [0, 1, 126, 127, 128, 254, 255, 256, 20_000] {
        let fields = Fields::request("GET", &"a".repeat(length)).and("x", "\u{ff}\0");
        assert_eq!(Decoder::new().decode(&fields.block()), Ok(fields));
    }
}

#[test]
fn what_is_wrong_is_not_decoded() {
    for hex in ["80", "be", "40", "0085", "82 20", "3f e2 1f", "ff ff ff ff ff ff", "00 01 61 82 49 50 90"] {
        assert!(Decoder::new().decode(&bytes(hex)).is_err(), "{hex}");
    }
}
