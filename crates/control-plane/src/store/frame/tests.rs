use super::{Checksum, Unframed, frame, hex, unframe, unhex};

#[test]
fn what_is_framed_is_json_and_comes_out_again() {
    let (content, checksum) = frame(br#"{"a":[1,"x"]}"#);
    let value: serde_json::Value = serde_json::from_slice(&content).unwrap();
    assert_eq!(value["format"], 1);
    assert_eq!(value["sha256"], checksum.to_text());
    assert_eq!(value["body"]["a"][1], "x");
    assert_eq!(unframe(&content), Ok((br#"{"a":[1,"x"]}"#.as_slice(), checksum)));
}

#[test]
fn no_flipped_bit_and_no_lost_byte_goes_unnoticed() {
    let (content, _) = frame(br#"{"a":1}"#);
    for bit in 0..content.len() * 8 {
        let mut flipped = content.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(unframe(&flipped), Err(Unframed::Damaged), "bit {bit}");
    }
    for length in 0..content.len() {
        assert_eq!(unframe(&content[..length]), Err(Unframed::Damaged), "{length} bytes");
    }
    assert_eq!(unframe(&[&content[..], b"\n"].concat()), Err(Unframed::Damaged));
}

#[test]
fn a_later_format_is_told_from_a_damaged_one() {
    let checksum = Checksum::of(b"2", b"[]").to_text();
    let content = format!("{{\"format\":2,\"sha256\":\"{checksum}\",\"body\":[]}}\n");
    assert_eq!(unframe(content.as_bytes()), Err(Unframed::Later(2)));
    let content = content.replace(":2", ":3");
    assert_eq!(unframe(content.as_bytes()), Err(Unframed::Damaged));
}

#[test]
fn digits_are_lower_case_and_complete() {
    assert_eq!(hex(&[0, 0x9a, 0xff]), "009aff");
    assert_eq!(unhex::<3>(b"009aff"), Some([0, 0x9a, 0xff]));
    for wrong in ["009aFF", "009af", "009aff0", "009afg", ""] {
        assert_eq!(unhex::<3>(wrong.as_bytes()), None, "{wrong}");
    }
}
