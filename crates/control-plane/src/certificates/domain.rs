//! The names that certificates are put for, and the files that these are kept in.

use std::fmt;
use std::net::IpAddr;

/// The longest name in bytes. RFC 1035 section 2.3.4 allows 253; what is missing is for what a file's name says beside it.
const LONGEST: usize = 230;
/// RFC 1035 section 2.3.4.
const LONGEST_LABEL: usize = 63;
/// Stands for `*` in the names of files, where no shell makes something else of it.
const WILDCARD: &str = "_wildcard";
const ENDING: &str = ".pem";

/// A host name, a wildcard for one label in front of one, or an address; in its one spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Domain(String);

/// A text that is no name which a certificate can be for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{text:?} is no name of a host, no wildcard such as *.example.com, and no address")]
pub struct DomainError {
    /// The text.
    pub text: String,
}

impl Domain {
    /// In lower case and without the root's dot.
    ///
    /// # Errors
    /// It is no name.
    pub(super) fn parse(text: &str) -> Result<Self, DomainError> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self(address.to_string()));
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let bare = name.strip_prefix("*.").unwrap_or(&name);
        let is_name = name.len() <= LONGEST && bare.split('.').all(is_label);
        // One that is written as wildcards are in the names of files would be in the way of theirs.
        if is_name && !name.starts_with(WILDCARD) {
            Ok(Self(name))
        } else {
            Err(DomainError { text: text.to_owned() })
        }
    }

    /// That of a file; `None` where it is not the file of any name.
    pub(super) fn of_file(name: &str) -> Option<Self> {
        let stem = name.strip_suffix(ENDING)?;
        let text = match stem.strip_prefix(WILDCARD) {
            Some(rest) => format!("*{rest}"),
            None => stem.to_owned(),
        };
        Self::parse(&text).ok().filter(|domain| domain.file_name() == name)
    }

    /// The name of its file: one for each domain, without a separator.
    pub(super) fn file_name(&self) -> String {
        match self.0.strip_prefix('*') {
            Some(rest) => format!("{WILDCARD}{rest}{ENDING}"),
            None => format!("{}{ENDING}", self.0),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Underscores are no part of host names (RFC 952) but of many internal ones.
fn is_label(label: &str) -> bool {
    let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=LONGEST_LABEL).contains(&label.len())
        && label.bytes().all(is_inside)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, name: &str, file: &str) {
        let domain = Domain::parse(text).unwrap();
        assert_eq!((domain.as_str(), domain.file_name().as_str()), (name, file));
        assert_eq!(Domain::of_file(file), Some(domain), "the file leads back");
    }

    #[test]
    fn each_name_has_one_spelling_and_one_file() {
        check("a.test", "a.test", "a.test.pem");
        check("A.Test.", "a.test", "a.test.pem");
        check("*.a.test", "*.a.test", "_wildcard.a.test.pem");
        check("_x.a.test", "_x.a.test", "_x.a.test.pem");
        check("localhost", "localhost", "localhost.pem");
        check("192.0.2.1", "192.0.2.1", "192.0.2.1.pem");
        check("2001:DB8:0::1", "2001:db8::1", "2001:db8::1.pem");
        let longest = format!("{0}.{0}.{0}.{1}", "a".repeat(63), "a".repeat(38));
        check(&longest, &longest, &format!("{longest}.pem"));
    }

    #[test]
    fn what_is_no_name_has_no_file() {
        let long = format!("{0}.{0}.{0}.{1}", "a".repeat(63), "a".repeat(39));
        let wide = "a".repeat(64);
        for text in [
            "",
            ".",
            "..",
            "../a.test",
            "/a.test",
            "a/b",
            "a\\b",
            "a\0b",
            "a b",
            "a..test",
            ".a.test",
            "*",
            "*.",
            "*.*.test",
            "a.*.test",
            "*a.test",
            "-a.test",
            "a-.test",
            "b\u{fc}cher.test",
            "_wildcard.a.test",
            "a:b",
            "[2001:db8::1]",
            "fe80::1%eth0",
            "a.test:443",
            &long,
            &wide,
        ] {
            let refused = Domain::parse(text).unwrap_err();
            assert_eq!(refused.text, text);
        }
    }

    #[test]
    fn files_of_other_names_are_nobodys() {
        for name in [
            "a.test",
            "A.test.pem",
            "a.test.pem.next",
            "a.test.pem.corrupt-1",
            ".pem",
            "*.a.test.pem",
            "a .pem",
        ] {
            assert_eq!(Domain::of_file(name), None, "{name}");
        }
    }
}
