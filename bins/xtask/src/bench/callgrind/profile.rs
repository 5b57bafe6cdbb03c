//! The two figures that are wanted of callgrind's output.

use std::collections::HashMap;

/// Figures of one or several processes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Profile {
    /// Instructions in user space.
    pub(crate) instructions: u64,
    /// Calls of the allocator from outside of it that may give new memory.
    pub(crate) allocations: u64,
}

/// What programs call for memory: the C library's names, and mimalloc's.
const ALLOCATORS: &[&str] = &[
    "malloc",
    "calloc",
    "realloc",
    "reallocarray",
    "memalign",
    "posix_memalign",
    "aligned_alloc",
    "mi_malloc",
    "mi_malloc_aligned",
    "mi_zalloc",
    "mi_zalloc_aligned",
    "mi_calloc",
    "mi_realloc",
    "mi_realloc_aligned",
];

impl Profile {
    /// Adds the figures of `text`, one output file.
    pub(crate) fn add(&mut self, text: &str) {
        let mut names = HashMap::new();
        let (mut caller, mut callee) = ("", "");
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("totals:") {
                self.instructions += first_number(rest);
            } else if let Some(rest) = line.strip_prefix("fn=") {
                caller = named(rest, &mut names);
            } else if let Some(rest) = line.strip_prefix("cfn=") {
                callee = named(rest, &mut names);
            } else if let Some(rest) = line.strip_prefix("calls=")
                && ALLOCATORS.contains(&callee)
                && !is_inside(caller)
            {
                self.allocations += first_number(rest);
            }
        }
    }
}

/// Whether a function belongs to an allocator, which may call itself under another name.
fn is_inside(function: &str) -> bool {
    ALLOCATORS.contains(&function) || function.starts_with("mi_") || function.starts_with("_mi_")
}

/// A name is written once as `(7) name`, and later as `(7)`; a recursive call is `name'2`.
fn named<'a>(text: &'a str, names: &mut HashMap<&'a str, &'a str>) -> &'a str {
    let Some((id, name)) = text.split_once(')') else { return text };
    let name = name.trim().split('\'').next().unwrap_or_default();
    if name.is_empty() {
        return names.get(id).copied().unwrap_or_default();
    }
    names.insert(id, name);
    name
}

fn first_number(text: &str) -> u64 {
    text.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests;
