//! Names that certificates are had for.

use std::borrow::Cow;

/// Of 253 bytes (RFC 1035 section 2.3.4) some are left for what the name of a file says beside it.
const LONGEST: usize = 230;
const LONGEST_LABEL: usize = 63;

/// A name as it is kept, in lower case and without the root's dot; `None` where it is no name that an authority would
/// issue for by these challenges: an address, a wildcard (which takes a challenge over DNS), or characters that host names
/// do not have (RFC 5890 section 2.3.1).
pub(super) fn canonical(name: &str) -> Option<Cow<'_, str>> {
    let bare = name.strip_suffix('.').unwrap_or(name);
    let is_name = bare.len() <= LONGEST && bare.split('.').all(is_label);
    // No top-level domain is a number; what ends in one is an address, however it is written.
    if !is_name || is_number(bare.rsplit('.').next().unwrap_or_default()) {
        return None;
    }
    Some(if bare.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(bare.to_ascii_lowercase())
    } else {
        Cow::Borrowed(bare)
    })
}

fn is_label(label: &str) -> bool {
    let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=LONGEST_LABEL).contains(&label.len())
        && label.bytes().all(is_inside)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// The same for a name that a client came up with: one label alone is nobody's.
pub(super) fn canonical_of_client(name: &str) -> Option<Cow<'_, str>> {
    canonical(name).filter(|name| name.contains('.'))
}

fn is_number(label: &str) -> bool {
    let hex = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
    label.bytes().all(|byte| byte.is_ascii_digit())
        || hex.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests;
