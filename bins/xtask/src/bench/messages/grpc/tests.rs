use super::*;

#[test]
fn a_message_begins_with_its_length() {
    assert_eq!(message(8), b"\0\0\0\0\x03aaa".as_slice());
    assert_eq!(message(PREFIX + 300).get(..PREFIX), Some(b"\0\0\0\x01\x2c".as_slice()));
}
