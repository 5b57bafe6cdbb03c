//! The workspace's dependency graph as cargo tells it.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// One crate of the workspace and what it depends on, tests apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Member {
    /// The crate's folder.
    pub(crate) name: String,
    /// Folders of the workspace's crates that it depends on.
    pub(crate) uses: Vec<String>,
    /// Packages from elsewhere that it depends on directly.
    pub(crate) external: Vec<String>,
}

/// The members of the workspace that `metadata`, the answer of `cargo metadata --no-deps`, describes.
///
/// # Errors
/// When the answer has another shape than cargo documents.
pub(crate) fn members(metadata: &Value) -> Result<Vec<Member>> {
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    packages.iter().map(member).collect()
}

fn member(package: &Value) -> Result<Member> {
    let manifest = package["manifest_path"].as_str().context("a package has no manifest_path")?;
    let folder = Path::new(manifest).parent().context("a manifest lies in no folder")?;
    let mut member = Member { name: last_part(folder)?, ..Member::default() };
    let dependencies = package["dependencies"].as_array().context("a package has no dependencies list")?;
    // Tests may use whatever they need: what is checked is what ships.
    for dependency in dependencies.iter().filter(|dependency| dependency["kind"].as_str() != Some("dev")) {
        match dependency["path"].as_str() {
            Some(path) => member.uses.push(last_part(Path::new(path))?),
            None => {
                let name = dependency["name"].as_str().context("a dependency has no name")?;
                member.external.push(name.to_owned());
            }
        }
    }
    Ok(member)
}

fn last_part(folder: &Path) -> Result<String> {
    let name = folder.file_name().and_then(|name| name.to_str());
    Ok(name.with_context(|| format!("{} has no name", folder.display()))?.to_owned())
}
