//! Tags of what is answered, and conditions upon them (RFC 9110 section 13.1).

use http::header::{HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};

use crate::Problem;

/// More tags than these in one field are refused.
const TAGS_MAX: usize = 100;

/// What must be true of the tag of what is asked for, or changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Conditions {
    /// `If-Match`.
    pub(crate) is: Option<Tags>,
    /// `If-None-Match`.
    pub(crate) is_not: Option<Tags>,
}

/// The value of a field with tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tags {
    /// `*`.
    Any,
    /// Some; whether each is a weak one, and what it says.
    These(Vec<(bool, String)>),
}

impl Conditions {
    /// Those of a request.
    ///
    /// # Errors
    /// 400 where a field is no list of tags.
    pub(crate) fn read(fields: &HeaderMap) -> Result<Self, Problem> {
        Ok(Self { is: read(fields, &IF_MATCH)?, is_not: read(fields, &IF_NONE_MATCH)? })
    }

    /// Whether a reader has what has this tag already.
    pub(crate) fn has(&self, tag: &str) -> bool {
        match &self.is_not {
            None => false,
            Some(Tags::Any) => true,
            // Weak comparison: RFC 9110 section 13.1.2.
            Some(Tags::These(tags)) => tags.iter().any(|(_, held)| held == tag),
        }
    }
}

impl Tags {
    /// The strong ones: a weak one never matches where the comparison is strong (RFC 9110 section 8.8.3.2).
    pub(crate) fn strong(tags: &[(bool, String)]) -> Vec<String> {
        tags.iter().filter(|(is_weak, _)| !is_weak).map(|(_, tag)| tag.clone()).collect()
    }

    /// Whether what has this tag may be changed.
    pub(crate) fn matches(&self, tag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::These(tags) => tags.iter().any(|(is_weak, held)| !is_weak && held == tag),
        }
    }
}

/// A tag as a field has it.
pub(crate) fn field(tag: &str) -> HeaderValue {
    // Tags are hexadecimal digits.
    HeaderValue::try_from(format!("\"{tag}\"")).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

fn read(fields: &HeaderMap, name: &HeaderName) -> Result<Option<Tags>, Problem> {
    let refuse = || {
        let detail = format!("{name} must be `*`, or a list of tags in double quotes");
        Problem::new(StatusCode::BAD_REQUEST, "invalid_condition", detail)
    };
    let mut lines = Vec::new();
    for line in fields.get_all(name) {
        lines.push(line.to_str().map_err(|_| refuse())?);
    }
    if lines.is_empty() {
        return Ok(None);
    }
    // Several lines are one list: RFC 9110 section 5.3.
    parse(&lines.join(",")).map(Some).ok_or_else(refuse)
}

fn parse(text: &str) -> Option<Tags> {
    if text.trim() == "*" {
        return Some(Tags::Any);
    }
    let mut tags = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let (is_weak, quoted) = match rest.strip_prefix("W/") {
            Some(quoted) => (true, quoted),
            None => (false, rest),
        };
        let (tag, behind) = quoted.strip_prefix('"')?.split_once('"')?;
        // `etagc`: RFC 9110 section 8.8.3.
        if tag.bytes().any(|byte| byte <= b' ' || byte == 0x7f) || tags.len() == TAGS_MAX {
            return None;
        }
        tags.push((is_weak, tag.to_owned()));
        let behind = behind.trim_start_matches([' ', '\t']);
        if !behind.is_empty() && !behind.starts_with(',') {
            return None;
        }
        rest = behind.trim_start_matches([' ', '\t', ',']);
    }
    // A list may be empty (RFC 9110 section 5.6.1.2): nothing is one of its tags then.
    Some(Tags::These(tags))
}

#[cfg(test)]
mod tests;
