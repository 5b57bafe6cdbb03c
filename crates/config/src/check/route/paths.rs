//! The prefixes that a route takes off and puts in front.

use crate::{
    PathPattern, Route,
    report::{At, Report},
};

pub(super) fn check(route: &Route, at: At<'_>, report: &mut Report<'_>) {
    for (prefix, key) in [(&route.strip_prefix, "stripPrefix"), (&route.set_prefix, "setPrefix")] {
        if let (Some(prefix), Some(at)) = (prefix, at.get(key))
            && let Err(message) = prefix_form(prefix)
        {
            report.add(at.id, message, None);
        }
    }
    if let (Some(prefix), Some(strip)) = (&route.strip_prefix, at.get("stripPrefix"))
        && !report.is_touched(strip)
        && !at.get("path").is_some_and(|path| report.is_touched(path))
        && never_applies(prefix, &route.path)
    {
        let message = format!("no path that matches `{}` starts with `{prefix}`", route.path);
        report.add(strip.id, message, None);
    }
}

/// The form of a literal prefix (RFC 3986 section 3.3).
fn prefix_form(prefix: &str) -> Result<(), String> {
    if !prefix.starts_with('/') {
        return Err(format!("`{prefix}` must start with /"));
    }
    match prefix.chars().find(|c| !c.is_ascii_graphic() || "*?#\"<>\\^`{|}".contains(*c)) {
        Some(wrong) => Err(format!("{wrong:?} cannot be in a prefix")),
        None => Ok(()),
    }
}

fn never_applies(prefix: &str, path: &PathPattern) -> bool {
    let prefix = prefix.trim_end_matches('/');
    match path {
        PathPattern::Exact(path) => !path.starts_with(prefix),
        PathPattern::Prefix(path) => !path.starts_with(prefix) && !prefix.starts_with(path.as_str()),
        PathPattern::Regex(_) => false,
    }
}
