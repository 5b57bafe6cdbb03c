//! Asks for what is shown.

use std::collections::HashSet;

use http::StatusCode;
use serde_json::Value;

use super::data::{Data, Figures};
use crate::ctl::call::Call;
use crate::ctl::client::Client;
use crate::ctl::failure::CtlFailure;

/// Asks again and again.
pub(super) struct Poller<'c> {
    client: &'c mut Client,
    /// Backends, by upstream and id, that there are no figures of: they are not asked about again.
    without: HashSet<(String, String)>,
}

impl<'c> Poller<'c> {
    pub(super) fn new(client: &'c mut Client) -> Self {
        Self { client, without: HashSet::new() }
    }

    /// What the proxy says now; figures of these backends with it, each by upstream and id.
    ///
    /// # Errors
    /// It cannot be asked, or refuses.
    pub(super) async fn poll(&mut self, wanted: &[(String, String)]) -> Result<Data, CtlFailure> {
        let client = &mut *self.client;
        let health = value(client, &["health"]).await?;
        let stats = value(client, &["stats"]).await?;
        let routes = value(client, &["stats", "routes"]).await?;
        let mut data = Data::new(&health, &stats, &routes);
        data.add_backends(&value(client, &["upstreams"]).await?, false);
        data.add_backends(&value(client, &["routes"]).await?, true);
        self.without.retain(|(upstream, id)| data.backend(upstream, id).is_some());
        for backend in
            wanted.iter().filter(|backend| !self.without.contains(*backend)).cloned().collect::<Vec<_>>()
        {
            let (upstream, id) = &backend;
            let call = Call::get(&["stats", "upstreams", upstream, "backends", id]);
            match crate::ctl::answered(client, &call).await {
                Ok((_, value)) => {
                    if let Some(row) = data.backend(upstream, id) {
                        row.figures = value.as_ref().map(Figures::of);
                    }
                }
                Err(CtlFailure::Refused(refusal)) if refusal.status == StatusCode::NOT_FOUND => {
                    self.without.insert(backend);
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(data)
    }
}

async fn value(client: &mut Client, segments: &[&str]) -> Result<Value, CtlFailure> {
    crate::ctl::value_of(client, &Call::get(segments)).await
}
