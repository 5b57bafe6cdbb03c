use super::*;
use crate::{Limits, Lines, Parsed, RequestHead, Rule};

const START: &str = "GET / HTTP/1.1\r\n";

fn head_of(lines: &str) -> (RequestHead, Vec<u8>) {
    let bytes = format!("{START}{lines}\r\n").into_bytes();
    let mut head = RequestHead::default();
    assert_eq!(head.parse(&bytes, &Limits::default()), Ok(Parsed::Complete { len: bytes.len() }));
    (head, bytes)
}

fn written(head: &RequestHead, skip: NameSet, bytes: &[u8]) -> String {
    let mut out = Vec::new();
    head.fields(bytes).write_without(skip, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn odd_spacing_is_written_canonically() {
    for (line, expected) in [
        ("A: b\r\n", "A: b\r\n"),
        ("A:b\r\n", "A: b\r\n"),
        ("A:  b\r\n", "A: b\r\n"),
        ("A:\tb\r\n", "A: b\r\n"),
        ("A: \t b\r\n", "A: b\r\n"),
        ("A: b \r\n", "A: b\r\n"),
        ("A: b\t\r\n", "A: b\r\n"),
        ("A:\t\tb \t \r\n", "A: b\r\n"),
        ("A: b  c\t d\r\n", "A: b  c\t d\r\n"),
        ("A:\r\n", "A: \r\n"),
        ("A: \r\n", "A: \r\n"),
        ("A:   \r\n", "A: \r\n"),
        ("A:\t\r\n", "A: \r\n"),
        ("A: :\r\n", "A: :\r\n"),
        ("A: b\r\nC:d\r\nE: f\r\n", "A: b\r\nC: d\r\nE: f\r\n"),
        ("A:b\r\nC: d\r\nE:f\r\n", "A: b\r\nC: d\r\nE: f\r\n"),
        ("A: b \r\nC: d\r\nE: f \r\nG: h\r\n", "A: b\r\nC: d\r\nE: f\r\nG: h\r\n"),
    ] {
        let (head, bytes) = head_of(line);
        assert_eq!(written(&head, NameSet::EMPTY, &bytes), expected, "RFC 9112 section 5.1: {line:?}");
    }
}

#[test]
fn order_case_and_duplicates_are_kept() {
    let lines = "b: 1\r\nA: 2\r\nB: 3\r\nCookie: x\r\na: 4\r\nCOOKIE: y\r\nb: 1\r\n";
    let (head, bytes) = head_of(lines);
    assert_eq!(written(&head, NameSet::EMPTY, &bytes), lines, "RFC 9110 section 5.3");
    let fields: Vec<_> =
        head.fields(&bytes).iter().map(|field| (field.name, field.value, field.id)).collect();
    assert_eq!(fields[1], (&b"A"[..], &b"2"[..], Name::Other));
    assert_eq!(fields[5], (&b"COOKIE"[..], &b"y"[..], Name::Cookie));
    assert_eq!(fields.len(), 7);
}

#[test]
fn any_subset_of_lines_is_written_in_order() {
    let lines = ["Host: h\r\n", "X-A:1\r\n", "Via: v\r\n", "X-B: 2\r\n", "Age: 3\r\n", "X-C: 4 \r\n"];
    let canonical = ["Host: h\r\n", "X-A: 1\r\n", "Via: v\r\n", "X-B: 2\r\n", "Age: 3\r\n", "X-C: 4\r\n"];
    for subset in 0_u32..1 << lines.len() {
        let is_kept = |index: usize| subset >> index & 1 == 1;
        let (mut head, bytes) = head_of(&lines.concat());
        for (index, line) in head.lines_mut().as_mut_slice().iter_mut().enumerate() {
            if !is_kept(index) {
                line.drop_line();
                assert!(line.is_dropped());
            }
        }
        let kept: Vec<_> =
            (0..lines.len()).filter(|index| is_kept(*index)).map(|index| canonical[index]).collect();
        assert_eq!(written(&head, NameSet::EMPTY, &bytes), kept.concat(), "{subset:b}");
        assert_eq!(head.fields(&bytes).iter().count(), kept.len());
        // Skipping by name is as good as dropping.
        let skip = NameSet::of(&[Name::Via, Name::Host]);
        let kept: Vec<_> =
            kept.into_iter().filter(|line| !line.starts_with("Via") && !line.starts_with("Host")).collect();
        assert_eq!(written(&head, skip, &bytes), kept.concat(), "{subset:b}");
    }
}

#[test]
fn what_is_written_is_appended() {
    let (head, bytes) = head_of("A: b\r\n");
    let mut out = b"before ".to_vec();
    head.fields(&bytes).write_to(&mut out);
    assert_eq!(out, b"before A: b\r\n");
}

#[test]
fn values_are_found_by_name_even_after_they_were_dropped() {
    let (mut head, bytes) = head_of("Cookie: a\r\nX-A: 1\r\ncookie: b\r\nx-a: 2\r\n");
    for line in head.lines_mut().as_mut_slice() {
        line.drop_line();
    }
    let fields = head.fields(&bytes);
    assert_eq!(fields.first(Name::Cookie), Some(&b"a"[..]));
    assert_eq!(fields.first(Name::Via), None);
    assert!(fields.all(Name::Cookie).eq([&b"a"[..], b"b"]));
    assert!(fields.all(Name::Cookie).rev().eq([&b"b"[..], b"a"]));
    assert!(fields.all_named("X-A").eq([&b"1"[..], b"2"]));
    assert!(fields.all_named("x-b").next().is_none());
    assert_eq!(fields.iter().count(), 0);
}

#[test]
fn a_list_read_in_a_foreign_buffer_is_empty_not_a_panic() {
    let (head, _) = head_of("Host: a\r\nA:b\r\nC: d\r\n");
    for buffer in [&b""[..], b"short", &[b'x'; 20]] {
        let mut out = Vec::new();
        head.fields(buffer).write_to(&mut out);
        assert_eq!(head.fields(buffer).iter().count(), 3);
    }
}

#[test]
fn a_line_takes_sixteen_bytes() {
    assert_eq!(size_of::<Line>(), 16);
}

#[test]
fn underscored_spellings_of_believed_names_are_not_passed_on() {
    for name in [
        "X_Real_IP",
        "x_forwarded_for",
        "X-Forwarded_For",
        "X_FORWARDED-PROTO",
        "x_forwarded_host",
        "x_forwarded_port",
        "Transfer_Encoding",
        "Content_Length",
        "X_Request_Id",
        "Keep_Alive",
        "Proxy_Authorization",
        "max_forwards",
        // Some programs turn every mark into an underscore, not hyphens alone.
        "X.Real.IP",
        "x~forwarded~for",
        "Content!Length",
        "X-Forwarded'For",
    ] {
        let (head, bytes) = head_of(&format!("{name}: 6.6.6.6\r\nX-Own: 1\r\n"));
        let source = "threats B2 34; CVE-2025-64484";
        assert_eq!(written(&head, NameSet::EMPTY, &bytes), "X-Own: 1\r\n", "{source}: {name}");
        assert!(head.fields(&bytes).all_named(name).eq([&b"6.6.6.6"[..]]), "readable all the same: {name}");
    }
    for name in ["x_tenant", "X_Api_Key", "_", "X-Real-IPs_", "content_type", "x__real_ip", "X-Real-IP"] {
        let lines = format!("{name}: 1\r\n");
        let (head, bytes) = head_of(&lines);
        assert_eq!(written(&head, NameSet::EMPTY, &bytes), lines, "not believed, so kept: {name}");
    }
}

#[test]
fn dropping_by_name_takes_every_spelling() {
    let lines = "X-User-Id: 1\r\nx-user-id: 2\r\nX_User_Id: 3\r\nX-User_ID: 4\r\nX.User.Id: 5\r\nX-User-Ids: 6\r\nXUserId: 7\r\n";
    for name in ["x-user-id", "X-USER-ID", "x_user_id"] {
        let (mut head, bytes) = head_of(lines);
        head.lines_mut().drop_named(name.as_bytes(), &bytes);
        let left = written(&head, NameSet::EMPTY, &bytes);
        assert_eq!(left, "X-User-Ids: 6\r\nXUserId: 7\r\n", "threats B2 35");
    }
    let (mut head, bytes) = head_of("Host: a\r\nVia: b\r\n");
    head.lines_mut().drop_named(b"VIA", &bytes);
    assert_eq!(written(&head, NameSet::EMPTY, &bytes), "Host: a\r\n");
    head.lines_mut().drop_named(b"", &bytes);
    assert_eq!(written(&head, NameSet::EMPTY, &bytes), "Host: a\r\n");
}

#[test]
fn pushed_fields_stand_in_the_list_as_parsed_ones_do() {
    let mut bytes = Vec::new();
    let mut lines = Lines::default();
    let pushed: [(&[u8], &[u8]); 4] =
        [(b"host", b"a"), (b"x-a", b""), (b"cookie", b"b"), (b"Cookie", b"c\td\xff")];
    for (name, value) in pushed {
        lines.push(&mut bytes, name, value).unwrap();
    }
    assert!(lines.present().contains(Name::Host) && !lines.repeated().contains(Name::Host));
    assert!(lines.repeated().contains(Name::Cookie));
    assert_eq!(lines.first(Name::Cookie, &bytes), Some(&b"b"[..]));
    let mut out = Vec::new();
    lines.fields(&bytes).write_to(&mut out);
    assert_eq!(out, b"host: a\r\nx-a: \r\ncookie: b\r\nCookie: c\td\xff\r\n");
}

#[test]
fn pushed_fields_are_judged_as_parsed_ones_are() {
    for (name, value, expected) in [
        (&b""[..], &b"a"[..], Err(Rule::FieldName)),
        (b"a b", b"a", Err(Rule::FieldName)),
        (b"a:", b"a", Err(Rule::FieldName)),
        (b":path", b"a", Err(Rule::FieldName)),
        (b"a\r\nb", b"a", Err(Rule::FieldName)),
        (b"\xc3\xa9", b"a", Err(Rule::FieldName)),
        (b"a", b"b\r\nc: d", Err(Rule::FieldValue)),
        (b"a", b"b\nc", Err(Rule::FieldValue)),
        (b"a", b"b\0", Err(Rule::FieldValue)),
        (b"a", b"\x7f", Err(Rule::FieldValue)),
        (b"a", b"\x1f", Err(Rule::FieldValue)),
        (b"a", b"b\tc \x80\xff", Ok(())),
    ] {
        let (mut bytes, mut lines) = (Vec::new(), Lines::default());
        let pushed = lines.push(&mut bytes, name, value);
        assert_eq!(pushed, expected, "RFC 9113 section 8.2.1; threats B3 45: {name:?} {value:?}");
        assert_eq!(bytes.is_empty(), pushed.is_err());
    }
    let (mut bytes, mut lines) = (Vec::new(), Lines::default());
    assert_eq!(lines.push(&mut bytes, &[b'a'; 1 << 16], b""), Err(Rule::FieldName));
    lines.push(&mut bytes, b"content-length", b" 5\t").unwrap();
    assert_eq!(lines.first(Name::ContentLength, &bytes), Some(&b"5"[..]), "values stand trimmed");
    lines.push(&mut bytes, b"x_real_ip", b"6.6.6.6").unwrap();
    let mut out = Vec::new();
    lines.fields(&bytes).write_to(&mut out);
    assert_eq!(out, b"content-length: 5\r\n", "threats B2 34");
}
