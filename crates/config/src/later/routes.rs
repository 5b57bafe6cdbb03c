//! What routes ask for and do not get yet.

use super::Found;
use crate::{Route, RouteAuth};

pub(super) fn check(route: &Route, index: usize, found: &mut Found<'_>) {
    let credentials = "remove it, or check credentials in front of proxyd";
    let keys = [
        (route.auth != RouteAuth::Off, "auth", credentials),
        (route.auth_provider.is_some(), "authProvider", credentials),
        (route.rate_limit.is_some(), "rateLimit", "remove it, or limit the rate in front of proxyd"),
    ];
    for (_, key, hint) in keys.into_iter().filter(|(is_asked, ..)| *is_asked) {
        found.note(&format!("routes[{index}].{key}"), hint);
    }
}
