//! Where the configuration is.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

/// The places that were looked at in vain.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotFound(Vec<PathBuf>);

/// What a search may look at.
pub(crate) struct Surroundings<'s> {
    /// The value of an environment variable.
    pub(crate) environment: &'s dyn Fn(&str) -> Option<OsString>,
    /// Whether there is a file.
    pub(crate) exists: &'s dyn Fn(&Path) -> bool,
}

/// The file that holds the configuration: the one that the user names, on the command line or in the environment, or
/// the first one that there is in the usual places. One that is named is taken whether it is there or not.
///
/// # Errors
/// There is none.
pub(crate) fn find(named: Option<&Path>, surroundings: &Surroundings<'_>) -> Result<PathBuf, NotFound> {
    let variable = |name: &str| (surroundings.environment)(name).filter(|value| !value.is_empty());
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    if let Some(named) = variable("PROXYD_CONFIG") {
        return Ok(named.into());
    }
    let home = variable("HOME").map(|home| PathBuf::from(home).join(".config"));
    let user = variable("XDG_CONFIG_HOME").map(PathBuf::from).or(home);
    let mut places = vec![PathBuf::from("proxyd.yaml")];
    places.extend(user.map(|user| user.join("proxyd/proxyd.yaml")));
    places.push("/etc/proxyd/proxyd.yaml".into());
    match places.iter().find(|place| (surroundings.exists)(place)) {
        Some(place) => Ok(place.clone()),
        None => Err(NotFound(places)),
    }
}

/// [`find`] in the surroundings of this process.
///
/// # Errors
/// There is no configuration.
pub(crate) fn find_here(named: Option<&Path>) -> Result<PathBuf, NotFound> {
    find(named, &Surroundings { environment: &|name| std::env::var_os(name), exists: &Path::exists })
}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no configuration: none was named with --config or $PROXYD_CONFIG")?;
        for place in &self.0 {
            write!(f, ", and there is no {}", place.display())?;
        }
        f.write_str("; `proxyd demo` needs none")
    }
}

impl std::error::Error for NotFound {}

#[cfg(test)]
mod tests;
