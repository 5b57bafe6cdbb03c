use super::*;

#[test]
fn the_first_of_a_byte_is_found_among_any_others() {
    for byte in 0..=u8::MAX {
        for other in [0, 1, b'>', b'?', b'@', 0x7f, 0x80, 0xff, byte.wrapping_add(1), byte.wrapping_sub(1)] {
            if other == byte {
                continue;
            }
            assert_eq!(find(of([other; 8]), byte), 0, "{byte:#x} among {other:#x}");
            for at in 0..8 {
                let mut bytes = [other; 8];
                bytes[at] = byte;
                assert_eq!(first(find(of(bytes), byte)), at, "{byte:#x} among {other:#x}");
                bytes[7] = byte;
                assert_eq!(first(find(of(bytes), byte)), at, "{byte:#x} twice among {other:#x}");
            }
        }
    }
}

#[test]
fn any_invisible_byte_is_found_and_no_visible_one() {
    for byte in 0..=u8::MAX {
        let is_visible = (0x21..0x7f).contains(&byte);
        for other in [0x21, 0x22, b'a', 0x7d, 0x7e] {
            for at in 0..8 {
                let mut bytes = [other; 8];
                bytes[at] = byte;
                assert_eq!(find_invisible(of(bytes)) == 0, is_visible, "{byte:#x} among {other:#x}");
            }
        }
    }
}

#[test]
fn each_of_a_byte_and_each_odd_byte_of_a_host_is_found() {
    for byte in 0..=u8::MAX {
        let is_plain = byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
        for other in 0..=u8::MAX {
            let is_other_plain = other.is_ascii_alphanumeric() || other == b'-' || other == b'.';
            let word = of([byte, other, other, byte, other, byte, byte, other]);
            let marks = |first: bool, second: bool| {
                let mark = |is_marked: bool| if is_marked { 0x80 } else { 0 };
                let (first, second) = (mark(first), mark(second));
                of([first, second, second, first, second, first, first, second])
            };
            assert_eq!(find_odd_in_host(word), marks(!is_plain, !is_other_plain), "{byte:#x} {other:#x}");
            assert_eq!(find_each(word, b'.'), marks(byte == b'.', other == b'.'), "{byte:#x} {other:#x}");
        }
    }
}
