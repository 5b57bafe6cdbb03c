//! The prefixes that a route takes off and puts in front.

use crate::{
    PathPattern, Route,
    pattern::check_characters,
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

/// The form of a literal prefix.
pub(in crate::check) fn prefix_form(prefix: &str) -> Result<(), String> {
    if !prefix.starts_with('/') {
        return Err(format!("`{prefix}` must start with /"));
    }
    if prefix.contains('*') {
        return Err(format!("`{prefix}` has a *; a prefix is taken as it is written"));
    }
    check_characters(prefix).map_err(|error| error.to_string())
}

fn never_applies(prefix: &str, path: &PathPattern) -> bool {
    let prefix = prefix.trim_end_matches('/');
    match path {
        PathPattern::Exact(path) => !path.starts_with(prefix),
        PathPattern::Prefix(path) => !path.starts_with(prefix) && !prefix.starts_with(path.as_str()),
        PathPattern::Regex(_) => false,
    }
}
