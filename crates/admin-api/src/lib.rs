#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod server;

mod access;
mod audit;
mod limit;

mod api;
mod openapi;

mod caller;
mod dto;
mod problem;

pub use api::{ApiSettings, router};
pub use audit::Audited;
pub use caller::{Caller, Role};
pub use limit::Rate;
pub use problem::Problem;
pub use server::{
    AdminAddress, AdminServer, AdminSettings, BindError, ClientSettings, Deadlines, RequestId, TokenSettings,
    method_not_allowed, not_found, with_fallbacks,
};
