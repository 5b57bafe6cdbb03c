//! Routes that come and go while a proxy runs, without the control plane and without a file.

use proxy_core::spec::{BackendSpec, PathPattern, RouteSpec, UpstreamSpec};
use proxy_core::{BuildError, Handle, Proxy};

/// A proxy that serves nothing yet: it answers each request with 404 and the reason `no_route`.
///
/// # Errors
/// Never: nothing can be wrong with nothing.
pub fn proxy() -> Result<Proxy, BuildError> {
    Proxy::builder().build()
}

/// Has everything below `/orders` forwarded to a backend.
///
/// # Errors
/// What cannot be served; what was served before goes on then.
pub fn open(handle: &Handle, backend: BackendSpec) -> Result<(), BuildError> {
    // The upstream comes first: a route to one that there is not would be refused.
    handle.put_upstream(UpstreamSpec::new("orders").backend(backend))?;
    let path = PathPattern::Prefix("/orders/".to_owned());
    handle.put_route(RouteSpec::to("orders", "orders").path(path))
}

/// Takes the route and its upstream away. Requests that are on their way are answered as if nothing had happened:
/// each holds on to what was served when it began.
///
/// # Errors
/// [`BuildError::Unknown`] where they were not there.
pub fn close(handle: &Handle) -> Result<(), BuildError> {
    handle.remove_route("orders")?;
    handle.remove_upstream("orders")
}
