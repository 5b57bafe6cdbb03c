//! The walk through the rules that a request may fall under, from the most specific on or, in `written`, as written.

use super::host::HostTable;
use super::trie::Text;
use super::{Candidate, Group, MatchInput, Matcher, NONE, Outcome, RouteOrder, Step};

/// Who is told of every rule on the way.
pub(super) trait Visitor<'m, T> {
    fn consider(&mut self, candidate: &'m Candidate<T>, outcome: Outcome<'m>);
}

/// Nobody, at no cost.
pub(super) struct Silent;

impl<'m, T> Visitor<'m, T> for Silent {
    #[inline]
    fn consider(&mut self, _: &'m Candidate<T>, _: Outcome<'m>) {}
}

/// Keeps everything.
pub(super) struct Listener<'m, T>(Vec<Step<'m, T>>);

impl<'m, T> Listener<'m, T> {
    pub(super) fn into_steps(self) -> Vec<Step<'m, T>> {
        self.0
    }
}

impl<T> Default for Listener<'_, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'m, T> Visitor<'m, T> for Listener<'m, T> {
    fn consider(&mut self, candidate: &'m Candidate<T>, outcome: Outcome<'m>) {
        self.0.push(Step { position: candidate.position as usize, value: &candidate.value, outcome });
    }
}

/// A path as prefixes see it: with a `/` behind it, so that `/api/` is a prefix of `/api`.
#[derive(Clone, Copy)]
pub(super) struct Folder<'a>(pub(super) &'a [u8]);

impl Text for Folder<'_> {
    #[inline]
    fn byte(self, at: usize) -> Option<u8> {
        self.0.get(at).copied().or_else(|| (at == self.0.len()).then_some(b'/'))
    }

    #[inline]
    fn has(self, at: usize, label: &[u8]) -> bool {
        let rest = self.0.get(at..).unwrap_or_default();
        rest.starts_with(label) || (at <= self.0.len() && label.strip_suffix(b"/") == Some(rest))
    }
}

impl<T> Matcher<T> {
    #[inline]
    pub(super) fn walk<'m, V: Visitor<'m, T>>(
        &'m self,
        input: &MatchInput<'_>,
        visitor: &mut V,
    ) -> Option<&'m Candidate<T>> {
        match self.order {
            RouteOrder::Specific => self.walk_specific(input, visitor),
            RouteOrder::Written => self.walk_written(input, visitor),
        }
    }

    #[inline]
    fn walk_specific<'m, V: Visitor<'m, T>>(
        &'m self,
        input: &MatchInput<'_>,
        visitor: &mut V,
    ) -> Option<&'m Candidate<T>> {
        let mut id = self.hosts.first(input.host);
        while let Some(table) = self.tables.get(id as usize) {
            let found = self.walk_paths(id, table, input, visitor);
            if found.is_some() {
                return found;
            }
            id = table.next;
        }
        None
    }

    #[inline]
    fn walk_paths<'m, V: Visitor<'m, T>>(
        &'m self,
        id: u32,
        table: &HostTable,
        input: &MatchInput<'_>,
        visitor: &mut V,
    ) -> Option<&'m Candidate<T>> {
        if table.has_exact
            && let found @ Some(_) = self.walk_group(self.exact.get(id, input.path), input, visitor)
        {
            return found;
        }
        let regexes = self.regexes.get(table.regexes.0 as usize..table.regexes.1 as usize);
        for (regex, group) in regexes.unwrap_or_default() {
            if !regex.is_match(input.path) {
                self.members(*group).iter().for_each(|missed| visitor.consider(missed, Outcome::Path));
            } else if let found @ Some(_) = self.walk_group(*group, input, visitor) {
                return found;
            }
        }
        let mut group = self.prefixes.longest(table.prefixes, Folder(input.path));
        while group != NONE {
            let found = self.walk_group(group, input, visitor);
            if found.is_some() {
                return found;
            }
            group = self.groups.get(group as usize).map_or(NONE, |group| group.outer);
        }
        None
    }

    #[inline]
    fn walk_group<'m, V: Visitor<'m, T>>(
        &'m self,
        group: u32,
        input: &MatchInput<'_>,
        visitor: &mut V,
    ) -> Option<&'m Candidate<T>> {
        self.members(group).iter().find(|candidate| candidate.is_match(input, visitor))
    }

    #[inline]
    pub(super) fn members(&self, group: u32) -> &[Candidate<T>] {
        let Some(&Group { start, end, .. }) = self.groups.get(group as usize) else { return &[] };
        self.candidates.get(start as usize..end as usize).unwrap_or_default()
    }
}

impl<T> Candidate<T> {
    /// Whether the request meets the conditions of a rule whose host and path it has.
    #[inline]
    pub(super) fn is_match<'m, V: Visitor<'m, T>>(&'m self, input: &MatchInput<'_>, visitor: &mut V) -> bool {
        let outcome = self.wanted.as_ref().map_or(Outcome::Matched, |wanted| wanted.outcome(input));
        visitor.consider(self, outcome);
        outcome == Outcome::Matched
    }
}
