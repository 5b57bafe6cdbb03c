//! Which rule a request falls under: an immutable matcher, compiled from a list of rules.
//!
//! There are two orders. [`RouteOrder::Written`] is that of the list: the first rule that matches wins. The other is one
//! for every list, however it was written:
//! 1. the host: an exact name, then wildcards from the longest suffix to the shortest, then any host;
//! 2. the path: an exact path, then regular expressions as written, then prefixes from the longest to the shortest;
//! 3. more conditions before fewer: methods count one, clients count one, each field and each query pair count one;
//! 4. as written.
//!
//! The first rule in that order whose conditions hold wins. When none of a host's rules does, the next less specific
//! host has its turn. The same regular expression written twice for a host counts where it was written first.
//!
//! A look-up takes time in proportion to the lengths of host and path and to the number of rules that share them,
//! not to the number of rules, whatever the order; regular expressions are tried one by one, as written those alone that
//! stand before what has been found without them. It allocates nothing, but for the working memory that a regular
//! expression needs when a thread first uses it. [`Matcher::find`] and [`Matcher::explain`] are the same walk.

mod compile;
mod condition;
mod hash;
mod host;
mod rule;
mod trie;
mod walk;
mod written;

pub(crate) use compile::Pattern;
pub use compile::TooLarge;
pub(crate) use condition::Wanted;
pub(crate) use hash::folded;
pub use rule::{Conditions, HostPattern, PathPattern, PathRegex, PatternError, RouteOrder, Rule};

use std::net::IpAddr;
use std::sync::Arc;

use compile::compile;
use hash::ByteMap;
use host::{HostTable, Hosts};
use trie::Trie;
use walk::{Listener, Silent};

/// What rules look at.
#[derive(Clone, Copy)]
pub struct MatchInput<'a> {
    /// The host in lower case, without port and without a final dot; empty when there is none.
    pub host: &'a str,
    /// The path in its normal form: no dot segments, no `//`, no triplets that need none.
    pub path: &'a [u8],
    /// The method as it came.
    pub method: &'a [u8],
    /// The query as it came, without the `?`.
    pub query: Option<&'a [u8]>,
    /// The client's address.
    pub client: IpAddr,
    /// The request's fields.
    pub fields: &'a dyn FieldLookup,
}

/// A request's fields as far as rules are concerned.
pub trait FieldLookup {
    /// Whether any line of the field `lower_case_name` has exactly this value, without the white space around it.
    fn has_value(&self, lower_case_name: &str, value: &[u8]) -> bool;
}

/// A compiled list of rules, each with a value of its own.
#[derive(Debug)]
pub struct Matcher<T> {
    order: RouteOrder,
    hosts: Hosts,
    tables: Box<[HostTable]>,
    /// Groups by table and exact path.
    exact: ByteMap,
    regexes: Box<[(PathRegex, u32)]>,
    prefixes: Trie,
    groups: Box<[Group]>,
    candidates: Box<[Candidate<T>]>,
}

/// One rule that [`Matcher::explain`] came across.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step<'a, T> {
    /// The rule's place in the list that was compiled, from 0.
    pub position: usize,
    /// The rule's value.
    pub value: &'a T,
    /// Whether the rule matched, and if not, what spoke against it.
    pub outcome: Outcome<'a>,
}

/// What became of a rule that was considered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome<'a> {
    /// The rule matches.
    Matched,
    /// The regular expression does not match the path.
    Path,
    /// The method is none of the rule's.
    Method,
    /// No line of the field of this name has the wanted value.
    Header(&'a str),
    /// No pair of this name in the query has the wanted value.
    Query(&'a str),
    /// The client's address is in none of the rule's blocks.
    Client,
}

/// The rules with one host and one path, in order.
#[derive(Debug, Clone, Copy)]
struct Group {
    start: u32,
    end: u32,
    /// For a prefix, the group of the next shorter prefix of the same host.
    outer: u32,
}

#[derive(Debug)]
struct Candidate<T> {
    /// The place in the list as written.
    position: u32,
    /// Absent when the rule has no conditions.
    wanted: Option<Arc<Wanted>>,
    value: T,
}

/// No group, no table, no node.
const NONE: u32 = u32::MAX;

impl<T> Matcher<T> {
    /// Compiles `rules`, which stand in the order written, so that the most specific one wins.
    ///
    /// # Errors
    /// When host and path patterns together are longer than 32 bits can count.
    pub fn compile(rules: Vec<Rule<T>>) -> Result<Self, TooLarge> {
        Self::compile_in(RouteOrder::Specific, rules)
    }

    /// Compiles `rules`, which stand in the order written, so that the first of this order wins.
    ///
    /// # Errors
    /// When host and path patterns together are longer than 32 bits can count.
    pub fn compile_in(order: RouteOrder, rules: Vec<Rule<T>>) -> Result<Self, TooLarge> {
        let wanted: Vec<_> = rules.iter().map(|rule| Wanted::new(&rule.conditions)).collect();
        let mut values = Vec::with_capacity(rules.len());
        let mut patterns = Vec::with_capacity(rules.len());
        for Rule { host, path, conditions, value } in rules {
            patterns.push((host, path, conditions));
            values.push(value);
        }
        let patterns = patterns.iter().zip(&wanted);
        let patterns =
            patterns.map(|((host, path, conditions), wanted)| Pattern { host, path, conditions, wanted });
        compile(order, patterns.zip(values))
    }

    /// Compiles rules that belong to somebody else, which stand in the order written.
    ///
    /// # Errors
    /// When host and path patterns together are longer than 32 bits can count.
    pub(crate) fn of<'r>(
        order: RouteOrder,
        rules: impl ExactSizeIterator<Item = (Pattern<'r>, T)>,
    ) -> Result<Self, TooLarge> {
        compile(order, rules)
    }

    /// The value of the rule that the request falls under.
    #[must_use]
    pub fn find(&self, input: &MatchInput<'_>) -> Option<&T> {
        self.walk(input, &mut Silent).map(|candidate| &candidate.value)
    }

    /// The rules that [`Matcher::find`] comes across, in the order in which they win. When one matches, it is the last.
    /// Rules for other hosts and for other exact paths and prefixes are passed over unseen and not listed.
    #[must_use]
    pub fn explain(&self, input: &MatchInput<'_>) -> Vec<Step<'_, T>> {
        let mut listener = Listener::default();
        let found = self.walk(input, &mut listener);
        let mut steps = listener.into_steps();
        if self.order == RouteOrder::Written {
            written::arrange(&mut steps, found);
        }
        steps
    }

    /// How many rules were compiled.
    #[must_use]
    pub fn len(&self) -> usize {
        self.candidates.len()
    }

    /// Whether there is no rule, so that nothing ever matches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.candidates.is_empty()
    }
}

#[cfg(test)]
mod tests;
