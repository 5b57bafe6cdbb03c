//! Every call of the API.

use http::StatusCode;

use super::operation::{Content, Effect, Form, Given, Operation};
use super::parameter::Parameter;
use super::{
    certificates, document, events, health, pools, revisions, routes, specification, stats, upstreams,
};

const ROUTE: &str = r#"{
  "id": "service-a", "vHost": "api.myapp.com", "strategy": "ROUND_ROBIN", "autoHttps": true,
  "reqActiveLength": 50, "reqQueueLength": 100,
  "backends": [
    { "id": "node-1", "hostname": "10.0.0.1", "port": 3000, "isDead": false, "failureCount": 0 },
    { "id": "node-2", "hostname": "10.0.0.2", "port": 3000, "isDead": false, "failureCount": 0 }
  ]
}"#;
const ROUTE_PATCH: &str = r#"{ "reqActiveLength": 100 }"#;
const UPSTREAM: &str = r#"{ "name": "api", "strategy": "LEAST_LATENCY", "backends": [{ "hostname": "10.0.0.1", "port": 3000 }] }"#;
const UPSTREAM_PATCH: &str = r#"{ "retries": 1 }"#;
const BACKEND: &str = r#"{ "hostname": "10.0.0.3", "port": 3000 }"#;
const CERTIFICATE: &str = r#"{
  "domain": "api.myapp.com",
  "cert": "-----BEGIN CERTIFICATE-----\n...\n-----END CERTIFICATE-----\n",
  "key": "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n"
}"#;
const DOCUMENT: &str = r#"{ "routes": [{ "id": "teapot", "path": "/teapot", "respond": { "status": 418, "body": "short and stout" } }] }"#;
const REVISION: &str = r#"{ "revision": 3 }"#;

const PAGED_ROUTES: &[Parameter] = &[Parameter::LIMIT, Parameter::after("service-a")];
const PAGED_UPSTREAMS: &[Parameter] = &[Parameter::LIMIT, Parameter::after("api")];
const PAGED_CERTIFICATES: &[Parameter] = &[Parameter::LIMIT, Parameter::after("api.myapp.com")];
const PAGED_REVISIONS: &[Parameter] = &[Parameter::LIMIT, Parameter::after("3")];
const HISTORY: &[Parameter] = &[Parameter::HISTORY];

const ROUTES: &[Given] = &[ok(Content::List("Route"), "The routes, in the order of the document.")];
const ONE_ROUTE: &[Given] = &[ok(Content::One("Route"), "The route."), SAME];
const UPSTREAMS: &[Given] = &[ok(Content::List("Upstream"), "The upstreams, in the order of the document.")];
const ONE_UPSTREAM: &[Given] = &[ok(Content::One("Upstream"), "The upstream."), SAME];
const BACKENDS: &[Given] = &[ok(Content::List("Backend"), "The backends."), SAME];
const ONE_BACKEND: &[Given] = &[ok(Content::One("Backend"), "The backend."), SAME];
const SET_BACKEND: &[Given] = &[ok(Content::One("Backend"), "The backend as it is now.")];
const NEW_ROUTE: &[Given] = &[created("Route", "The new route."), GONE];
const PUT_ROUTE: &[Given] =
    &[ok(Content::One("Route"), "The route as it is now."), created("Route", "The new route."), GONE];
const PATCHED_ROUTE: &[Given] = &[ok(Content::One("Route"), "The route as it is now."), GONE];
const NEW_UPSTREAM: &[Given] = &[created("Upstream", "The new upstream."), GONE];
const PUT_UPSTREAM: &[Given] = &[
    ok(Content::One("Upstream"), "The upstream as it is now."),
    created("Upstream", "The new upstream."),
    GONE,
];
const PATCHED_UPSTREAM: &[Given] = &[ok(Content::One("Upstream"), "The upstream as it is now."), GONE];
const NEW_BACKEND: &[Given] = &[created("Backend", "The new backend."), GONE];
const REMOVED: &[Given] = &[Given::new(StatusCode::NO_CONTENT, Content::Nothing, "It is gone.")];
const CERTIFICATES: &[Given] =
    &[ok(Content::List("CertificateStatus"), "The certificates of the document, then those of others.")];
const ONE_CERTIFICATE: &[Given] = &[ok(Content::One("CertificateStatus"), "The certificate."), SAME];
const PUT_CERTIFICATE: &[Given] = &[
    ok(Content::One("CertificateStatus"), "The certificate, in place of a former one."),
    created("CertificateStatus", "The new certificate."),
    GONE,
];
const WHOLE: &[Given] = &[ok(Content::One("Document"), "The document."), SAME];
const WHOLE_AFTER: &[Given] = &[ok(Content::One("Document"), "The document as it is now.")];
const APPLIED: &[Given] = &[ok(Content::One("Applied"), "What has changed.")];
const PLANNED: &[Given] = &[ok(Content::One("Plan"), "What would change.")];
const REVISIONS: &[Given] = &[ok(Content::List("Revision"), "The revisions, the newest first.")];
const ONE_REVISION: &[Given] = &[ok(Content::One("Revision"), "The revision.")];
const STATS: &[Given] = &[ok(Content::One("Stats"), "The figures.")];

const SAME: Given = Given::new(StatusCode::NOT_MODIFIED, Content::Nothing, "It is what you have.");
const GONE: Given = Given::new(
    StatusCode::NO_CONTENT,
    Content::Nothing,
    "The change was made, and somebody has removed the object since then.",
);

const fn ok(content: Content, says: &'static str) -> Given {
    Given::new(StatusCode::OK, content, says)
}

const fn created(schema: &'static str, says: &'static str) -> Given {
    Given::new(StatusCode::CREATED, Content::One(schema), says)
}

/// Every operation.
pub(crate) fn operations() -> impl Iterator<Item = &'static Operation> {
    OF_ROUTES.iter().chain(OF_UPSTREAMS).chain(OF_CERTIFICATES).chain(OF_DOCUMENT).chain(OF_STATE)
}

const OF_ROUTES: &[Operation] = &[
    Operation::get("/api/v1/routes", "listRoutes", "Lists every route", routes::list)
        .query(PAGED_ROUTES)
        .gives(ROUTES),
    Operation::post("/api/v1/routes", "createRoute", "Creates a route", routes::create)
        .takes(Form::Json, "Route", ROUTE)
        .gives(NEW_ROUTE),
    Operation::get("/api/v1/routes/{route}", "getRoute", "Shows a route", routes::get)
        .tagged()
        .gives(ONE_ROUTE)
        .refuses(&[409]),
    Operation::put("/api/v1/routes/{route}", "putRoute", "Creates a route, or replaces it", routes::put)
        .tagged()
        .takes(Form::Json, "Route", ROUTE)
        .gives(PUT_ROUTE),
    Operation::patch("/api/v1/routes/{route}", "patchRoute", "Changes a route", routes::patch)
        .tagged()
        .takes(Form::Patch, "RoutePatch", ROUTE_PATCH)
        .gives(PATCHED_ROUTE),
    Operation::delete("/api/v1/routes/{route}", "deleteRoute", "Removes a route", routes::delete)
        .tagged()
        .gives(REMOVED),
    Operation::get(
        "/api/v1/routes/{route}/backends",
        "listRouteBackends",
        "Lists the backends of a route",
        pools::list,
    )
    .tagged()
    .gives(BACKENDS)
    .refuses(&[409]),
    Operation::post(
        "/api/v1/routes/{route}/backends",
        "addRouteBackend",
        "Adds a backend to a route",
        pools::add,
    )
    .tagged()
    .takes(Form::Json, "Backend", BACKEND)
    .gives(NEW_BACKEND),
    Operation::get(
        "/api/v1/routes/{route}/backends/{backend}",
        "getRouteBackend",
        "Shows a backend of a route",
        pools::get,
    )
    .tagged()
    .gives(ONE_BACKEND)
    .refuses(&[409]),
    Operation::delete(
        "/api/v1/routes/{route}/backends/{backend}",
        "removeRouteBackend",
        "Removes a backend from a route",
        pools::remove,
    )
    .tagged()
    .gives(REMOVED),
    set("/api/v1/routes/{route}/backends/{backend}/dead", "setRouteBackendDead", DEAD, pools::dead),
    set("/api/v1/routes/{route}/backends/{backend}/drain", "drainRouteBackend", DRAIN, pools::drain)
        .query(&[Parameter::KEEP_STICKY]),
    set("/api/v1/routes/{route}/backends/{backend}/ready", "setRouteBackendReady", READY, pools::ready),
];

const OF_UPSTREAMS: &[Operation] = &[
    Operation::get("/api/v1/upstreams", "listUpstreams", "Lists every upstream", upstreams::list)
        .query(PAGED_UPSTREAMS)
        .gives(UPSTREAMS),
    Operation::post("/api/v1/upstreams", "createUpstream", "Creates an upstream", upstreams::create)
        .takes(Form::Json, "Upstream", UPSTREAM)
        .gives(NEW_UPSTREAM),
    Operation::get("/api/v1/upstreams/{upstream}", "getUpstream", "Shows an upstream", upstreams::get)
        .tagged()
        .gives(ONE_UPSTREAM),
    Operation::put(
        "/api/v1/upstreams/{upstream}",
        "putUpstream",
        "Creates an upstream, or replaces it",
        upstreams::put,
    )
    .tagged()
    .takes(Form::Json, "Upstream", UPSTREAM)
    .gives(PUT_UPSTREAM),
    Operation::patch(
        "/api/v1/upstreams/{upstream}",
        "patchUpstream",
        "Changes an upstream",
        upstreams::patch,
    )
    .tagged()
    .takes(Form::Patch, "UpstreamPatch", UPSTREAM_PATCH)
    .gives(PATCHED_UPSTREAM),
    Operation::delete(
        "/api/v1/upstreams/{upstream}",
        "deleteUpstream",
        "Removes an upstream",
        upstreams::delete,
    )
    .tagged()
    .gives(REMOVED),
    Operation::get(
        "/api/v1/upstreams/{upstream}/backends",
        "listBackends",
        "Lists the backends of an upstream",
        pools::list,
    )
    .tagged()
    .gives(BACKENDS),
    Operation::post(
        "/api/v1/upstreams/{upstream}/backends",
        "addBackend",
        "Adds a backend to an upstream",
        pools::add,
    )
    .tagged()
    .takes(Form::Json, "Backend", BACKEND)
    .gives(NEW_BACKEND),
    Operation::get(
        "/api/v1/upstreams/{upstream}/backends/{backend}",
        "getBackend",
        "Shows a backend",
        pools::get,
    )
    .tagged()
    .gives(ONE_BACKEND),
    Operation::delete(
        "/api/v1/upstreams/{upstream}/backends/{backend}",
        "removeBackend",
        "Removes a backend",
        pools::remove,
    )
    .tagged()
    .gives(REMOVED),
    set("/api/v1/upstreams/{upstream}/backends/{backend}/dead", "setBackendDead", DEAD, pools::dead),
    set("/api/v1/upstreams/{upstream}/backends/{backend}/drain", "drainBackend", DRAIN, pools::drain)
        .query(&[Parameter::KEEP_STICKY]),
    set("/api/v1/upstreams/{upstream}/backends/{backend}/ready", "setBackendReady", READY, pools::ready),
];

const DEAD: &str = "Takes a backend out by hand: it gets no requests, whatever probes say";
const DRAIN: &str = "Drains a backend: it gets no new requests, and ends those that it has";
const READY: &str = "Has a backend get requests again";

const fn set(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    handler: super::operation::Handler,
) -> Operation {
    Operation::post(path, id, summary, handler)
        .effect(Effect::Act)
        .takes(Form::Optional, "Nothing", "{}")
        .gives(SET_BACKEND)
}

const OF_CERTIFICATES: &[Operation] = &[
    Operation::get("/api/v1/certificates", "listCertificates", "Lists every certificate", certificates::list)
        .query(PAGED_CERTIFICATES)
        .gives(CERTIFICATES),
    Operation::post(
        "/api/v1/certificates",
        "putCertificate",
        "Adds a certificate, or replaces that of the same domain",
        certificates::put,
    )
    .tagged()
    .takes(Form::Json, "CertificateInput", CERTIFICATE)
    .gives(PUT_CERTIFICATE),
    Operation::get(
        "/api/v1/certificates/{certificate}",
        "getCertificate",
        "Shows a certificate, by its domain or its id",
        certificates::get,
    )
    .tagged()
    .gives(ONE_CERTIFICATE)
    .refuses(&[409]),
    Operation::delete(
        "/api/v1/certificates/{certificate}",
        "deleteCertificate",
        "Removes a certificate",
        certificates::delete,
    )
    .tagged()
    .gives(REMOVED),
];

const OF_DOCUMENT: &[Operation] = &[
    Operation::get("/api/v1/document", "getDocument", "Shows the whole document", document::get)
        .tagged()
        .query(&[Parameter::LAYER])
        .gives(WHOLE),
    Operation::put(
        "/api/v1/document",
        "putDocument",
        "Makes the document this; what the file alone has stays",
        document::put,
    )
    .tagged()
    .takes(Form::Json, "Document", DOCUMENT)
    .gives(WHOLE_AFTER),
    Operation::patch("/api/v1/document", "patchDocument", "Changes the document", document::patch)
        .tagged()
        .takes(Form::Patch, "DocumentPatch", DOCUMENT)
        .gives(WHOLE_AFTER),
    Operation::post("/api/v1/plan", "plan", "Says what putting a document would change", document::plan)
        .effect(Effect::Look)
        .takes(Form::Json, "Document", DOCUMENT)
        .gives(PLANNED)
        .refuses(&[409]),
    Operation::post(
        "/api/v1/apply",
        "apply",
        "Makes the document this, and says what has changed",
        document::apply,
    )
    .tagged()
    .takes(Form::Json, "Document", DOCUMENT)
    .gives(APPLIED),
    Operation::post(
        "/api/v1/confirm",
        "confirm",
        "Keeps a revision that waits for its confirmation",
        revisions::confirm,
    )
    .effect(Effect::Act)
    .takes(Form::Json, "RevisionNumber", REVISION)
    .gives(ONE_REVISION)
    .refuses(&[404]),
    Operation::post(
        "/api/v1/rollback",
        "rollBack",
        "Serves the document of a former revision again",
        revisions::roll_back,
    )
    .takes(Form::Json, "RevisionNumber", REVISION)
    .gives(APPLIED)
    .refuses(&[404]),
    Operation::post("/api/v1/reload", "reload", "Reads the file again", revisions::reload)
        .effect(Effect::Act)
        .takes(Form::Optional, "Nothing", "{}")
        .gives(APPLIED),
    Operation::get(
        "/api/v1/revisions",
        "listRevisions",
        "Lists the revisions that are remembered",
        revisions::list,
    )
    .query(PAGED_REVISIONS)
    .gives(REVISIONS),
    Operation::get("/api/v1/revisions/{revision}", "getRevision", "Shows a revision", revisions::get)
        .gives(ONE_REVISION),
];

const OF_STATE: &[Operation] = &[
    Operation::get("/api/v1/stats", "getStats", "Shows the figures of all requests", stats::all)
        .query(HISTORY)
        .gives(STATS),
    Operation::get(
        "/api/v1/stats/routes",
        "listRouteStats",
        "Shows the figures of every route",
        stats::of_routes,
    )
    .gives(&[ok(Content::List("RouteStats"), "The figures, in the order of the document.")]),
    Operation::get("/api/v1/stats/{route}", "getRouteStats", "Shows the figures of a route", stats::of_route)
        .query(HISTORY)
        .gives(STATS)
        .refuses(&[409]),
    Operation::get(
        "/api/v1/stats/upstreams/{upstream}",
        "getUpstreamStats",
        "Shows the figures of an upstream",
        stats::of_upstream,
    )
    .query(HISTORY)
    .gives(STATS),
    Operation::get(
        "/api/v1/stats/upstreams/{upstream}/backends/{backend}",
        "getBackendStats",
        "Shows the figures of a backend",
        stats::of_backend,
    )
    .query(HISTORY)
    .gives(STATS),
    Operation::get("/api/v1/events", "listen", "Tells events as they happen", events::listen)
        .query(&[Parameter::TYPES])
        .gives(&[ok(
            Content::Events,
            "Events, and now and then a comment; `event: lost` says how many were too many.",
        )]),
    Operation::get("/api/v1/health", "getHealth", "Says how the process is", health::health)
        .gives(&[ok(Content::One("Health"), "How it is.")]),
    Operation::get("/health/live", "isLive", "Says that the process lives", health::live)
        .gives(&[ok(Content::One("Live"), "It lives.")]),
    Operation::get("/health/ready", "isReady", "Says whether the process can answer requests", health::ready)
        .gives(&[
            ok(Content::One("Ready"), "It can."),
            Given::new(StatusCode::SERVICE_UNAVAILABLE, Content::One("Ready"), "It cannot."),
        ]),
    Operation::get("/api/v1/openapi.json", "getSpecification", "Shows this document", specification::get)
        .gives(&[ok(Content::Any, "The document.")]),
];
