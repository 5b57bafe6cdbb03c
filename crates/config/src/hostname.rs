//! Names of hosts: the rules that vHosts, backends and URLs share.

use std::net::IpAddr;

/// The longest name in bytes (RFC 1035 section 2.3.4, without the root's dot).
const NAME_MAX: usize = 253;
/// The longest label in bytes (RFC 1035 section 2.3.4).
const LABEL_MAX: usize = 63;

/// Why a text is no host name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostnameError {
    /// Nothing is there.
    #[error("a host name is missing")]
    Empty,
    /// A port follows.
    #[error("`{0}` names a port; only the name of the host belongs here")]
    Port(String),
    /// Characters beyond ASCII.
    #[error("`{0}` has characters beyond ASCII; write the name in its ASCII form, which starts with xn--")]
    Unicode(String),
    /// Something that no name contains.
    #[error("`{0}` is not a host name; names have letters, digits, hyphens and dots")]
    Form(String),
    /// A name or a label that is too long.
    #[error("`{0}` is too long for a host name; it has at most {NAME_MAX} bytes, {LABEL_MAX} between dots")]
    Long(String),
}

/// Gives a DNS name in lower case and without the root's dot.
pub(crate) fn name(text: &str) -> Result<String, HostnameError> {
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    if name.is_empty() {
        return Err(HostnameError::Empty);
    }
    if !name.is_ascii() {
        return Err(HostnameError::Unicode(text.into()));
    }
    if let Some((_, port)) = name.rsplit_once(':')
        && port.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Err(HostnameError::Port(text.into()));
    }
    if name.len() > NAME_MAX || name.split('.').any(|label| label.len() > LABEL_MAX) {
        return Err(HostnameError::Long(text.into()));
    }
    if name.split('.').all(is_label) { Ok(name) } else { Err(HostnameError::Form(text.into())) }
}

/// A label of a name. Underscores are no part of host names (RFC 952) but of many internal ones.
fn is_label(label: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && label.bytes().all(inside)
}

/// Gives a name in lower case that an authority can issue a certificate for by a challenge over HTTP or TLS: no address,
/// no wildcard, and no underscore (RFC 5890 section 2.3.1).
pub(crate) fn issuable(text: &str) -> Result<String, HostnameError> {
    let name = name_or_address(text)?;
    let is_name = !name.contains([':', '_']) && name.parse::<IpAddr>().is_err();
    if is_name { Ok(name) } else { Err(HostnameError::Form(text.into())) }
}

/// Gives an address in its canonical spelling, or a DNS name in lower case. IPv6 may stand in brackets.
pub(crate) fn name_or_address(text: &str) -> Result<String, HostnameError> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    match bare.parse::<IpAddr>() {
        Ok(address) => Ok(address.to_string()),
        Err(_) => {
            let name = name(text)?;
            // A name that ends in digits is read as an IPv4 address by some resolvers (127.1, 2130706433).
            let last = name.rsplit('.').next().unwrap_or_default();
            let number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
            if number { Err(HostnameError::Form(text.into())) } else { Ok(name) }
        }
    }
}
