//! Load balancing strategies: the traits, and the built-in ones.
