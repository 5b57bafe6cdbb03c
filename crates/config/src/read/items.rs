//! A list as serde reads it.

use super::{error::ReadError, value::Reader};
use serde::de::{DeserializeSeed, SeqAccess};

/// The items of a list that are still to be read.
pub(super) struct Items<'t> {
    list: Reader<'t>,
    next: usize,
}

impl<'t> Items<'t> {
    pub(super) fn new(list: Reader<'t>) -> Self {
        Self { list, next: list.view.start(list.id) }
    }
}

impl<'t> SeqAccess<'t> for Items<'t> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'t>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        let Reader { tree, view, id } = self.list;
        while let Some(item) = tree.items(id).get(self.next).copied() {
            self.next += 1;
            if !view.is_broken(item) {
                let read = seed.deserialize(Reader::new(tree, view, item));
                return read.map(Some).map_err(|error| error.about(item, item));
            }
        }
        Ok(None)
    }

    /// At most the items that there are, so that nobody reserves more.
    fn size_hint(&self) -> Option<usize> {
        Some(self.list.tree.items(self.list.id).len().saturating_sub(self.next))
    }
}
