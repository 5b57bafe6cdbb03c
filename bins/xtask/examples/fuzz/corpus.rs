//! Inputs that are kept: those to begin with, and those that failed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::targets::Target;

/// The inputs of `target`: its own and those in its folder of `corpus`, which need not exist.
///
/// # Errors
/// When a file cannot be read.
pub(crate) fn load(target: &Target, corpus: &Path) -> Result<Vec<Vec<u8>>> {
    let mut inputs: Vec<_> = target.seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect();
    let folder = corpus.join(target.name);
    let Ok(entries) = fs::read_dir(&folder) else { return Ok(inputs) };
    let mut files = Vec::new();
    for entry in entries {
        files.push(entry.with_context(|| format!("cannot list {}", folder.display()))?.path());
    }
    // The same seed must make the same inputs wherever the folder lies.
    files.sort();
    for file in files.iter().filter(|file| file.is_file()) {
        inputs.push(fs::read(file).with_context(|| format!("cannot read {}", file.display()))?);
    }
    Ok(inputs)
}

/// Saves an input that failed to the folder of `target` in `failures`, and returns its file.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn save(target: &Target, failures: &Path, input: &[u8]) -> Result<PathBuf> {
    let folder = failures.join(target.name);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let file = folder.join(format!("failed-{:016x}", hash(input)));
    fs::write(&file, input).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

/// FNV-1a: the same input always gets the same name.
fn hash(input: &[u8]) -> u64 {
    input.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
