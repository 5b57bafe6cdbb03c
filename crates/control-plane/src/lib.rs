#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod acme;

mod factories;
mod not_built;

mod compile;
mod plan;
mod probes;

pub mod certificates;
pub mod changes;
mod control;
mod documents;
mod durable;
mod issuing;
mod secrets;
mod state_dir;
mod states;
mod store;
mod tls;

pub use certificates::{
    DomainError, Failure, FileError, Keeper, LoadError, Loaded, Origin, PutError, RemoveError, Source,
    Status, Summary, load, load_again,
};
pub use compile::{check, compile};
pub use control::{BuildFailure, ControlPlane, PublishError, SetError};
pub use documents::{Checked, Documents, OpenError, Opening, check_file};
pub use factories::Factories;
pub use not_built::not_built;
pub use plan::Plan;
pub use tls::AdminTls;
