//! Checks that any strategy keeps the promises of the traits.
