//! Documents from objects.

use super::{Base, Loaded, Merged, merged};
use crate::{Errors, Object, Problem, Surroundings};

impl Loaded {
    /// The document that objects make: those of a kind come in the order in which they are given.
    ///
    /// # Errors
    /// Everything that is wrong, as [`parse`](crate::parse) says it of a file; each problem that lies in an object names it. Of what
    /// came from JSON, nothing is quoted.
    pub fn assemble(objects: Vec<Object>, surroundings: &Surroundings<'_>) -> Result<Self, Errors> {
        let base = Base::of(&objects);
        Self::put_together(objects, base, surroundings)
    }

    pub(super) fn put_together(
        mut objects: Vec<Object>,
        base: Base,
        surroundings: &Surroundings<'_>,
    ) -> Result<Self, Errors> {
        objects.sort_by_key(|object| object.key().kind);
        if let Some(key) = merged::twice(&objects) {
            return Err(Problem::of_file(base.name(), format!("`{key}` is given twice")).into());
        }
        let document = Merged::new(&objects, &base).read(surroundings, &|_| true)?;
        // What is nothing says nothing: it is no object.
        objects.retain(|object| !object.is_nothing());
        Ok(Self { document, objects, base })
    }
}
