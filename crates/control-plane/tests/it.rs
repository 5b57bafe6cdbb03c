//! The crate through its public face.

#[cfg(test)]
#[path = "it/acme/issuing.rs"]
mod acme;
#[cfg(test)]
#[path = "it/checks.rs"]
mod checks;
#[cfg(test)]
#[path = "it/documents.rs"]
mod documents;
#[cfg(test)]
#[path = "it/publish.rs"]
mod publish;
#[cfg(test)]
#[path = "it/states.rs"]
mod states;
