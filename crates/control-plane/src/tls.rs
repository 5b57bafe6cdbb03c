//! Where TLS and the engine meet: the engine names no TLS library, and the TLS of `tls-sni` knows no engine.

mod admin;
mod client_fields;
mod over;
mod secure;
mod terminate;

mod files;
mod listener;
mod upstream;

mod live;
mod refresh;

pub use admin::AdminTls;
pub(crate) use files::Text;
pub(crate) use listener::{ListenerTls, Rules, Vouching, ticket_error, ticket_text};
pub(crate) use live::{AcmePlan, LiveTls, Staged, TlsPlan, UpstreamPlan};
pub(crate) use refresh::{Former, Item, Refresher};
pub(crate) use secure::BackendTls;
pub(crate) use terminate::Termination;
pub(crate) use upstream::UpstreamTls;
