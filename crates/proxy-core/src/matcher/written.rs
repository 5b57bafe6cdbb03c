//! The walk through rules of which the first as written wins.
//!
//! It goes through the same groups as the walk from the most specific rule on, but through all of them, and keeps the
//! earliest rule that matches. Within a group the rules stand as written, so that it is left at the first match and at
//! the first rule that would come too late.

use std::iter;

use super::walk::{Folder, Visitor};
use super::{Candidate, MatchInput, Matcher, NONE, Outcome, Step};

impl<T> Matcher<T> {
    pub(super) fn walk_written<'m, V: Visitor<'m, T>>(
        &'m self,
        input: &MatchInput<'_>,
        visitor: &mut V,
    ) -> Option<&'m Candidate<T>> {
        let mut found = None;
        let table = |id: u32| self.tables.get(id as usize).map(|table| (id, table));
        let tables = iter::successors(table(self.hosts.first(input.host)), |(_, last)| table(last.next));
        for (id, table) in tables.clone() {
            if table.has_exact {
                self.find_earlier(self.exact.get(id, input.path), input, visitor, &mut found);
            }
            let mut group = self.prefixes.longest(table.prefixes, Folder(input.path));
            while group != NONE {
                self.find_earlier(group, input, visitor, &mut found);
                group = self.groups.get(group as usize).map_or(NONE, |group| group.outer);
            }
        }
        // Expressions cost most. They come last, when only those must be tried that are written before what was found.
        for (_, table) in tables {
            self.try_regexes(table.regexes, input, visitor, &mut found);
        }
        found
    }

    /// Puts the first match of a group in place of what was found so far, if it is written before that.
    #[inline]
    fn find_earlier<'m, V: Visitor<'m, T>>(
        &'m self,
        group: u32,
        input: &MatchInput<'_>,
        visitor: &mut V,
        found: &mut Option<&'m Candidate<T>>,
    ) {
        let mut earlier = before(self.members(group), *found);
        if let Some(candidate) = earlier.find(|candidate| candidate.is_match(input, visitor)) {
            *found = Some(candidate);
        }
    }

    /// The expressions of a table stand as their first rules are written.
    fn try_regexes<'m, V: Visitor<'m, T>>(
        &'m self,
        (start, end): (u32, u32),
        input: &MatchInput<'_>,
        visitor: &mut V,
        found: &mut Option<&'m Candidate<T>>,
    ) {
        for (regex, group) in self.regexes.get(start as usize..end as usize).unwrap_or_default() {
            let mut earlier = before(self.members(*group), *found).peekable();
            if earlier.peek().is_none() {
                return;
            }
            if regex.is_match(input.path) {
                self.find_earlier(*group, input, visitor, found);
            } else {
                earlier.for_each(|missed| visitor.consider(missed, Outcome::Path));
            }
        }
    }
}

/// The members of a group that are written before what was found.
#[inline]
fn before<'m, T>(
    members: &'m [Candidate<T>],
    found: Option<&'m Candidate<T>>,
) -> impl Iterator<Item = &'m Candidate<T>> + use<'m, T> {
    let end = found.map_or(NONE, |found| found.position);
    members.iter().take_while(move |candidate| candidate.position < end)
}

/// Brings what was come across into the order of the list, up to what was found.
pub(super) fn arrange<T>(steps: &mut Vec<Step<'_, T>>, found: Option<&Candidate<T>>) {
    steps.sort_by_key(|step| step.position);
    if let Some(found) = found {
        steps.retain(|step| step.position <= found.position as usize);
    }
}
