//! The command line, through the binary itself.

#[cfg(test)]
#[path = "it/check.rs"]
mod check;
#[cfg(test)]
#[path = "it/demo.rs"]
mod demo;
#[cfg(test)]
#[path = "it/process.rs"]
mod process;
#[cfg(test)]
#[path = "it/run.rs"]
mod run;
