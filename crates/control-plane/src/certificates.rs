//! Where certificates come from, and how they stay fresh.
//!
//! A document names them as PEM or as files ([`Source`]); the admin API puts others, which are kept in the directory of
//! the state. [`load()`] reads what a document names, before anything is served. A [`Keeper`] serves it, watches the files
//! and reads again what changed. Whatever is wrong with a file then, what was served before goes on being served.

mod keeper;
mod load;
mod source;
mod status;

mod book;
mod rounds;

mod changes;
mod index;
mod trail;
mod watch;

mod domain;
mod sections;
mod store;

mod expiry;
mod file;
pub(crate) mod moment;
mod notice;
mod parallel;

pub use domain::DomainError;
pub use file::FileError;
pub use keeper::{Keeper, PutError, RemoveError};
pub use load::{Failure, LoadError, Loaded, load, load_again};
pub use source::{Origin, Source};
pub use status::{Status, Summary};

#[cfg(test)]
mod made;
