//! An axum application that answers some routes itself and forwards the rest: what one does while a service is
//! moved from an old program to a new one, route by route.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Path, Request};
use axum::middleware::map_request;
use axum::routing::get;
use proxy_core::spec::{BackendSpec, RouteSpec, UpstreamSpec};
use proxy_core::{BuildError, Proxy};
use tokio::net::TcpListener;

/// A proxy for everything that the application does not answer.
///
/// # Errors
/// Never, as long as route and upstream fit together.
pub fn proxy(old_program: BackendSpec) -> Result<Proxy, BuildError> {
    Proxy::builder()
        .upstream(UpstreamSpec::new("old").backend(old_program))
        .route(RouteSpec::to("not-moved-yet", "old"))
        .build()
}

/// The application: greetings are axum's own, all else goes down the pipeline of `proxy`.
///
/// axum chooses by the path as it came, the pipeline by the normal one: `//greet/ada` is no greeting to axum, and is
/// forwarded as `/greet/ada`. What must not reach the old program is therefore no matter of axum's routes, but of a
/// guard.
pub fn application(proxy: &Proxy) -> Router {
    Router::new()
        .route("/greet/{name}", get(greet))
        .fallback_service(proxy.service())
        .layer(map_request(tell_address))
}

async fn greet(Path(name): Path<String>) -> String {
    format!("good day, {name}\n")
}

/// The pipeline takes the client's address from the request's extensions; without it, every client would be this
/// machine to the backend.
async fn tell_address(ConnectInfo(client): ConnectInfo<SocketAddr>, mut request: Request) -> Request {
    request.extensions_mut().insert(client);
    request
}

/// Serves the application until `shutdown`.
///
/// # Errors
/// What the system says.
pub async fn serve(
    listener: TcpListener,
    proxy: &Proxy,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let application = application(proxy).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, application).with_graceful_shutdown(shutdown).await
}
