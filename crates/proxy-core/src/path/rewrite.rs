//! A route's change of the path's prefix.

use super::{PathError, normalise, segment};

/// Where a prefix may be cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Cut {
    /// Between segments only: `/api` is no prefix of `/apis`. For routes such as `/api/*`.
    Segments,
    /// Anywhere. For routes such as `/api*`, whose prefix ends within a segment.
    Text,
}

/// A prefix to remove from paths, a prefix to put before them, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rewrite {
    strip: Box<[u8]>,
    set: Box<[u8]>,
    cut: Cut,
}

impl Rewrite {
    /// A rewrite that removes `strip` and then puts `set` in front. `None` and `/` do nothing; a final `/` says
    /// no more than none.
    ///
    /// # Errors
    /// When a prefix is not a valid path.
    pub(crate) fn new(strip: Option<&str>, set: Option<&str>, cut: Cut) -> Result<Self, PathError> {
        Ok(Self { strip: prefix(strip)?, set: prefix(set)?, cut })
    }

    /// Whether every path stays as it is.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.strip.is_empty() && self.set.is_empty()
    }

    /// The path with its prefix changed. `path` must be normal; the result is normal, and lies in `path` when only
    /// whole segments were removed, otherwise in `scratch`. A path without the prefix to remove keeps all of it.
    ///
    /// # Errors
    /// When what is left after the cut would leave the route's space: `/api../admin` without `/api` is `/../admin`.
    pub(crate) fn apply<'a>(&self, path: &'a [u8], scratch: &'a mut Vec<u8>) -> Result<&'a [u8], PathError> {
        let rest = match path.strip_prefix(&*self.strip) {
            None => path,
            Some(rest) if rest.is_empty() || rest.starts_with(b"/") => rest,
            Some(_) if self.cut == Cut::Segments => path,
            Some(rest) => {
                scratch.clear();
                scratch.extend_from_slice(&self.set);
                // The cut may have made a dot segment, so what follows is normalised again, with the cut as root.
                segment::append(rest, scratch)?;
                return Ok(scratch);
            }
        };
        match (rest, &*self.set) {
            // Of the path, so that the result always lies in one of the two: callers tell them apart.
            (b"", b"") => Ok(path.get(..1).unwrap_or(b"/")),
            (_, b"") => Ok(rest),
            (_, set) => {
                scratch.clear();
                scratch.extend_from_slice(set);
                scratch.extend_from_slice(rest);
                Ok(scratch)
            }
        }
    }
}

/// The normal form of a prefix, without its final `/`.
fn prefix(text: Option<&str>) -> Result<Box<[u8]>, PathError> {
    let mut scratch = Vec::new();
    let normal = normalise(text.unwrap_or("/").as_bytes(), &mut scratch)?;
    Ok(normal.strip_suffix(b"/").unwrap_or(normal).into())
}

#[cfg(test)]
mod tests;
