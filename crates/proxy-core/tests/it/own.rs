//! Addresses of the program's own, which no request leads to.

use std::sync::Arc;

use egress::{Egress, Own, Policy};
use proxy_core::spec::{BackendSpec, RouteSpec, UpstreamSpec};
use proxy_core::{Proxy, Reason};

use super::rig::*;

#[tokio::test]
async fn a_request_that_would_be_passed_on_to_ones_own_interface_is_refused() {
    let admin = Backend::new().await;
    let egress = Egress::new(Policy::unrestricted());
    egress.never_dial([Own::Tcp(([127, 0, 0, 1], admin.port()).into())]);
    for host in ["127.0.0.1", "::ffff:127.0.0.1", "localhost", "0.0.0.0"] {
        let upstream = UpstreamSpec::new("app").backend(BackendSpec::new("a", host, admin.port()));
        let builder = Proxy::builder().upstream(upstream).route(RouteSpec::to("all", "app"));
        let mut running = Running::start(builder.connect(Arc::new(egress.clone()))).await;
        let mut client = running.client().await;
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let (head, _) = client.message().await;
        assert!(head.starts_with("HTTP/1.1 502 "), "{host}: {head}");
        assert_eq!(running.ended().await.reason, Some(Reason::EgressDenied), "{host}");
    }
    assert!(admin.is_left_alone().await);
}
