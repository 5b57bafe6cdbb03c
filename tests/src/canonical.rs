//! What a head must be so that no two parsers read it differently.

use crate::Head;

/// Why two parsers could read this request differently; `None` where they cannot.
pub(crate) fn ambiguity(head: &Head) -> Option<String> {
    let raw = &head.raw;
    for (at, &byte) in raw.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| raw.get(before));
        let is_broken = match byte {
            b'\n' => before != Some(&b'\r'),
            b'\r' => raw.get(at + 1) != Some(&b'\n'),
            b'\t' => false,
            _ => byte < b' ' || byte == 0x7f,
        };
        if is_broken {
            return Some(format!("byte {byte:#04x} at {at}"));
        }
    }
    let parts: Vec<&str> = head.start.split(' ').collect();
    let [method, target, "HTTP/1.1"] = parts[..] else { return Some(format!("line {:?}", head.start)) };
    if !is_token(method) || target.is_empty() || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Some(format!("line {:?}", head.start));
    }
    fields(head)
}

fn fields(head: &Head) -> Option<String> {
    if let Some((name, _)) = head.fields.iter().find(|(name, _)| !is_token(name)) {
        return Some(format!("name {name:?}"));
    }
    // Programs behind CGI read an underscore as a hyphen.
    let plain = |name: &str| name.replace('_', "-").to_ascii_lowercase();
    let count = |wanted: &str| head.fields.iter().filter(|(name, _)| plain(name) == wanted).count();
    let (codings, lengths, hosts) = (count("transfer-encoding"), count("content-length"), count("host"));
    if hosts != 1 || codings + lengths > 1 {
        return Some(format!("{hosts} hosts, {codings} codings, {lengths} lengths"));
    }
    if head.all("Transfer-Encoding").iter().any(|value| *value != "chunked") {
        return Some("a coding that is not chunked".into());
    }
    let is_number = |value: &str| !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    if head.all("Content-Length").iter().any(|value| !is_number(value)) {
        return Some("a length that is no number".into());
    }
    None
}

fn is_token(text: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(inside)
}
