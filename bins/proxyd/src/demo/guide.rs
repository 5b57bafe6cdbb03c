//! What the demo tells its user.

use std::fmt::Write;
use std::net::SocketAddr;

use super::backend::Backend;

/// What each request shows, and the request.
const TRIALS: [(&str, &str); 9] = [
    ("Balancing: again and again, and another backend answers", "curl -s URL/"),
    ("A prefix taken off, fields set on the request and on the response", "curl -si URL/api/users"),
    ("A body that comes bit by bit is passed on bit by bit", "curl -sN URL/stream"),
    ("A redirect", "curl -si URL/old/page"),
    ("An answer of the proxy's own", "curl -si URL/teapot"),
    ("A backend that is down: the answer says why", "curl -si URL/down"),
    ("The same with a fallback", "curl -s URL/rescued"),
    ("A backend that is too slow for this route", "curl -si URL/impatient"),
    ("A path that climbs above the root reaches no backend", "curl -si --path-as-is URL/../../etc/passwd"),
];

/// The addresses, and requests worth trying, each on a line of its own.
pub(super) fn text(proxy: SocketAddr, backends: &[Backend]) -> String {
    let url = format!("http://{proxy}");
    let mut text = format!("\nproxyd is running in front of three backends.\n\n  {:<8}{url}\n", "proxy");
    for backend in backends {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {:<8}http://{}", backend.name(), backend.address());
    }
    text.push_str("\nWorth trying:\n");
    for (shows, request) in TRIALS {
        let _ = write!(text, "\n  # {shows}\n  {}\n", request.replace("URL", &url));
    }
    text.push_str("\nCtrl-C ends it.\n");
    text
}
