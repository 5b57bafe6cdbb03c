//! The command line, through the binary itself.

#[cfg(test)]
#[path = "it/check.rs"]
mod check;
#[cfg(test)]
#[path = "it/ctl.rs"]
mod ctl;
#[cfg(test)]
#[path = "it/demo.rs"]
mod demo;
#[cfg(test)]
#[path = "../src/ctl/fake.rs"]
mod fake;
#[cfg(test)]
#[path = "it/process.rs"]
mod process;
#[cfg(test)]
#[path = "it/run.rs"]
mod run;
#[cfg(test)]
#[path = "it/top.rs"]
mod top;
