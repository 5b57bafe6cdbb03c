//! Asks for what is shown.

use http::StatusCode;
use serde_json::Value;

use super::data::{Data, Figures};
use crate::ctl::call::Call;
use crate::ctl::client::Client;
use crate::ctl::failure::CtlFailure;

/// What the proxy says now; figures of these backends with it, each by upstream and id.
///
/// # Errors
/// It cannot be asked, or refuses.
pub(super) async fn poll(client: &mut Client, wanted: &[(String, String)]) -> Result<Data, CtlFailure> {
    let health = value(client, &["health"]).await?;
    let stats = value(client, &["stats"]).await?;
    let routes = value(client, &["stats", "routes"]).await?;
    let mut data = Data::new(&health, &stats, &routes);
    data.add_backends(&value(client, &["upstreams"]).await?, false);
    data.add_backends(&value(client, &["routes"]).await?, true);
    for (upstream, id) in wanted {
        let call = Call::get(&["stats", "upstreams", upstream, "backends", id]);
        let figures = match crate::ctl::answered(client, &call).await {
            Ok((_, value)) => value.as_ref().map(Figures::of),
            // It has gone meanwhile, or has no figures of its own.
            Err(CtlFailure::Refused(refusal)) if refusal.status == StatusCode::NOT_FOUND => None,
            Err(failure) => return Err(failure),
        };
        if let Some(row) = data.backends.iter_mut().find(|row| row.upstream == *upstream && row.id == *id) {
            row.figures = figures;
        }
    }
    Ok(data)
}

async fn value(client: &mut Client, segments: &[&str]) -> Result<Value, CtlFailure> {
    crate::ctl::value_of(client, &Call::get(segments)).await
}
