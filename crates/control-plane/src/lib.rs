//! Compiles a document into what proxy-core serves, and publishes it.
