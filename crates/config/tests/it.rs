//! The crate through its public face.

#[path = "it/contract.rs"]
mod contract;
#[path = "it/golden.rs"]
mod golden;
#[path = "it/loaded.rs"]
mod loaded;
#[path = "it/schema.rs"]
mod schema;
