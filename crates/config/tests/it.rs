//! The crate through its public face.

#[cfg(test)]
#[path = "it/contract.rs"]
mod contract;
#[cfg(test)]
#[path = "it/golden.rs"]
mod golden;
#[cfg(test)]
#[path = "it/loaded.rs"]
mod loaded;
#[cfg(test)]
#[path = "it/schema.rs"]
mod schema;
