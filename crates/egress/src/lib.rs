//! The only way out: resolves a name, checks every address, dials the checked one.
