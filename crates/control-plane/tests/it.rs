//! The crate through its public face.

#[cfg(test)]
#[path = "it/publish.rs"]
mod publish;
