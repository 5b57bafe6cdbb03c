//! What a proxy did, in one line of the log.

use std::collections::BTreeMap;

use proxy_core::Handle;

/// Logs what was counted from the beginning to the end.
pub(crate) fn log(handle: &Handle) {
    let statistics = handle.statistics();
    let [gone, informational, successful, redirected, refused, failed] = statistics.by_class;
    tracing::info!(
        requests = statistics.requests(),
        requests_1xx = informational,
        requests_2xx = successful,
        requests_3xx = redirected,
        requests_4xx = refused,
        requests_5xx = failed,
        requests_unanswered = gone,
        bytes_in = statistics.bytes_in,
        bytes_out = statistics.bytes_out,
        request_reasons = text(&handle.request_reasons()),
        connection_reasons = text(&handle.connection_reasons()),
        mirror_reasons = text(&handle.mirror_reasons()),
        "ended"
    );
}

/// `no_route=3 connect_refused=1`; empty where nothing was counted.
fn text(reasons: &BTreeMap<String, u64>) -> String {
    let parts: Vec<String> = reasons.iter().map(|(reason, count)| format!("{reason}={count}")).collect();
    parts.join(" ")
}
