//! The API's socket, where nobody says where it is to listen.

use std::ffi::OsString;
use std::path::PathBuf;

/// Where it may be, the likeliest first.
pub(crate) fn all(environment: &dyn Fn(&str) -> Option<OsString>, is_root: bool) -> Vec<PathBuf> {
    let system = PathBuf::from("/run/proxyd/admin.sock");
    let mut sockets: Vec<PathBuf> = of_service(environment).into_iter().collect();
    let user = of_user(environment);
    if is_root {
        sockets.push(system);
        sockets.extend(user);
    } else {
        sockets.extend(user);
        sockets.push(system);
    }
    sockets.dedup();
    sockets
}

/// Where a process listens; `None` where it has no place for it.
pub(crate) fn own(environment: &dyn Fn(&str) -> Option<OsString>, is_root: bool) -> Option<PathBuf> {
    let system = || is_root.then(|| PathBuf::from("/run/proxyd/admin.sock"));
    of_service(environment).or_else(system).or_else(|| of_user(environment))
}

/// In the directory of the service; the service manager may name several, separated by colons.
fn of_service(environment: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let directory = variable(environment, "RUNTIME_DIRECTORY")?;
    let first = std::env::split_paths(&directory).next()?;
    Some(first.join("admin.sock"))
}

fn of_user(environment: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    variable(environment, "XDG_RUNTIME_DIR")
        .map(|directory| PathBuf::from(directory).join("proxyd/admin.sock"))
}

fn variable(environment: &dyn Fn(&str) -> Option<OsString>, name: &str) -> Option<OsString> {
    environment(name).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests;
