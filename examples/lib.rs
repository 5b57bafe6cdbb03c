//! Programs that embed proxy-core.
