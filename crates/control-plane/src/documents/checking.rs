//! A document that is looked at, and not served.

use std::path::Path;

use config::{Errors, Loaded, Problem, Surroundings};

use super::keep;
use super::layers::Layers;
use super::opening::{held, shadows};
use super::reading;
use crate::changes::Owner;
use crate::compile;
use crate::durable::RealDisk;
use crate::secrets::Secrets;
use crate::store::{Layer, Store};
use crate::{Factories, check, not_built};

/// A document that is right.
#[derive(Debug)]
#[non_exhaustive]
pub struct Checked {
    /// The file's objects with the API's on top.
    pub loaded: Loaded,
    /// What is allowed but cannot be meant, what is not built, and what is shadowed.
    pub warnings: Vec<Problem>,
}

/// Looks at what a process would serve that starts now: the file, and what the API was told before. Nothing is changed, and
/// another process may be running. What was kept and cannot be read is a warning.
///
/// # Errors
/// Everything that is wrong with it.
pub fn check_file(path: &Path, factories: &Factories) -> Result<Checked, Errors> {
    let mut loaded = config::load(path)?;
    let mut warnings = Vec::new();
    if let Some(dir) = compile::state_dir(&loaded.document) {
        match kept(&dir, &loaded) {
            Ok(Some(layers)) => {
                let objects = layers.in_order().into_iter().map(|(_, _, held)| held.object.clone()).collect();
                warnings.extend(shadows(&layers, &loaded));
                loaded = Loaded::assemble(objects, &Surroundings::of_process())?;
            }
            Ok(None) => {}
            Err(Unread::Objects(errors)) => return Err(errors),
            Err(Unread::State(why)) => {
                let message = format!("what the API was told cannot be read, and is not looked at: {why}");
                let mut problem = Problem::of_file(&dir.display().to_string(), message);
                problem.hint = Some("check as the user that proxyd runs as".into());
                warnings.push(problem);
            }
        }
    }
    warnings.extend(not_built(&loaded));
    warnings.extend(check(&loaded, factories)?);
    Ok(Checked { loaded, warnings })
}

enum Unread {
    State(String),
    Objects(Errors),
}

/// The layers that would be served; `None` where the API has nothing.
fn kept(dir: &Path, loaded: &Loaded) -> Result<Option<Layers>, Unread> {
    let unread = |error: crate::store::StoreError| Unread::State(error.to_string());
    let Some(kept) = Store::peek(dir, &RealDisk).map_err(unread)? else { return Ok(None) };
    if kept.api.is_empty() {
        return Ok(None);
    }
    let keeping = keep::Keeping::of(Secrets::peek(dir, RealDisk).map_err(unread)?);
    let api = held(&keeping, Owner::Api, kept.of(Layer::Api)).map_err(Unread::Objects)?;
    let file = reading::layer(loaded, &std::collections::BTreeMap::new(), &mut |_| String::new());
    Ok(Some(Layers::of(file, api)))
}
