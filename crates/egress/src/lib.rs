#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod destination;
mod egress;
mod error;

mod address;
mod host;
mod network;
mod own;
mod policy;

mod cache;
mod resolve;

mod dial;
mod socket;

pub use destination::{Destination, Named, Timeouts};
pub use egress::Egress;
pub use error::{Denial, EgressError};
pub use network::{Network, NetworkError};
pub use own::Own;
pub use policy::{HostPattern, HostPatternError, Policy};
pub use resolve::{Resolve, ResolveFuture, SystemResolver};
pub use socket::Socket;
