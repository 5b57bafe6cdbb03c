//! What routes ask for and do not get yet.

use super::Found;
use crate::{Route, RouteAuth, report::At};

pub(super) fn check(route: &Route, at: At<'_>, found: &mut Found<'_>) {
    let credentials = "remove it, or check credentials in front of proxyd";
    found.note(route.auth != RouteAuth::Off, at, "auth", credentials);
    found.note(route.auth_provider.is_some(), at, "authProvider", credentials);
    found.note(
        route.rate_limit.is_some(),
        at,
        "rateLimit",
        "remove it, or limit the rate in front of proxyd",
    );
}
