//! What only a look inside tells.

use std::time::{Duration, Instant};

use super::*;
use crate::Proxy;
use crate::deadline::Deadlines;
use crate::spec::{Action, RouteSpec};
use crate::{Request, Verdict};

#[tokio::test]
async fn a_service_that_was_not_called_for_long_has_the_time_of_the_call() {
    let action = Action::Respond { status: 200, content_type: String::new(), body: String::new() };
    let guard = |_: &Request<'_>| {
        // As long as the ticker takes to have its first turn.
        Verdict::Wait(Box::pin(async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Verdict::Pass
        }))
    };
    let proxy =
        Proxy::builder().route(RouteSpec::new("all", action).guard(guard)).workers(1).build().unwrap();
    let mut service = proxy.service();
    service.worker.shared.workers.lock().unwrap().clear();
    let long_ago = Instant::now() - Duration::from_secs(600);
    Arc::get_mut(&mut service.worker).unwrap().deadlines = Deadlines::begun(long_ago);
    let request = http::Request::get("http://a/").body(http_body_util::Empty::<Bytes>::new()).unwrap();
    let response = service.call(request).await.unwrap_or_else(|never| match never {});
    assert_eq!(response.status(), 200);
}
