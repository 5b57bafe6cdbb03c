//! Random rules and requests against a list that is sorted once, or left as written, and read from its start.

use std::cmp::Reverse;

use super::super::*;
use super::Pairs;

type Key = (Reverse<(u8, usize)>, u8, Reverse<usize>, usize, Reverse<usize>, usize);

/// The order as its description puts it, most specific first.
fn key(rules: &[Rule<usize>], position: usize) -> Key {
    let rule = &rules[position];
    let host = match &rule.host {
        HostPattern::Exact(_) => (2, 0),
        HostPattern::Suffix(name) => (1, name.len()),
        HostPattern::Any => (0, 0),
    };
    let first = rules.iter().position(|other| (&other.host, &other.path) == (&rule.host, &rule.path));
    let (class, length, first) = match &rule.path {
        PathPattern::Exact(_) => (0, 0, 0),
        PathPattern::Regex(_) => (1, 0, first.unwrap()),
        PathPattern::Prefix(text) => (2, text.len(), 0),
    };
    (Reverse(host), class, Reverse(length), first, Reverse(rule.conditions.count()), position)
}

fn holds(rule: &Rule<usize>, input: &MatchInput<'_>) -> bool {
    let host = match &rule.host {
        HostPattern::Exact(name) => input.host == name,
        HostPattern::Suffix(name) => input
            .host
            .strip_suffix(name.as_str())
            .is_some_and(|front| front.len() > 1 && front.ends_with('.')),
        HostPattern::Any => true,
    };
    let text = str::from_utf8(input.path).unwrap();
    let path = match &rule.path {
        PathPattern::Exact(path) => text == path,
        PathPattern::Prefix(prefix) => text.starts_with(prefix) || format!("{text}/") == *prefix,
        PathPattern::Regex(regex) => regex.is_match(input.path),
    };
    let query = str::from_utf8(input.query.unwrap_or_default()).unwrap();
    let Conditions { methods, headers, query: pairs, clients } = &rule.conditions;
    host && path
        && (methods.is_empty() || methods.iter().any(|method| method.as_bytes() == input.method))
        && headers.iter().all(|(name, value)| input.fields.has_value(name, value.as_bytes()))
        && pairs.iter().all(|(name, value)| query.split('&').any(|pair| pair == format!("{name}={value}")))
        && (clients.is_empty() || clients.iter().any(|block| block.contains(&input.client)))
}

/// Draws rules and requests out of few parts, so that they meet often.
struct Draw(fastrand::Rng, Vec<PathRegex>);

impl Draw {
    fn one<'a>(&mut self, parts: &[&'a str]) -> &'a str {
        parts[self.0.usize(..parts.len())]
    }

    fn joined(&mut self, separator: &str, parts: &[&str], most: usize) -> String {
        let count = self.0.usize(1..=most);
        (0..count).map(|_| self.one(parts)).collect::<Vec<_>>().join(separator)
    }

    fn host(&mut self, most: usize) -> String {
        self.joined(".", &["a", "b", "ab"], most)
    }

    fn path(&mut self, most: usize) -> String {
        let end = self.one(&["", "", "/"]);
        format!("/{}{end}", self.joined("/", &["a", "b", "ab", "abc", ""], most))
            .replace("//", "/")
            .replace("//", "/")
    }

    fn conditions(&mut self) -> Conditions {
        let mut conditions = Conditions::default();
        let line = |draw: &mut Self| (draw.one(&["x", "y"]).to_owned(), draw.one(&["1", "2"]).to_owned());
        if self.0.bool() {
            return conditions;
        }
        for _ in 0..self.0.usize(..3) {
            conditions.methods.push(self.one(&["GET", "POST"]).to_owned());
        }
        for _ in 0..self.0.usize(..3) {
            conditions.headers.push(line(self));
        }
        if self.0.bool() {
            conditions.query.push(line(self));
        }
        if self.0.u8(..4) == 0 {
            conditions
                .clients
                .push(self.one(&["10.0.0.0/8", "10.1.0.0/16", "2001:db8::/32"]).parse().unwrap());
        }
        conditions
    }

    fn rule(&mut self, value: usize) -> Rule<usize> {
        let host = match self.0.u8(..4) {
            0 => HostPattern::Any,
            1 | 2 => HostPattern::Suffix(self.host(2)),
            _ => HostPattern::Exact(self.host(3)),
        };
        let path = match self.0.u8(..6) {
            0 => PathPattern::Exact(self.path(2)),
            1 => PathPattern::Regex(self.1[self.0.usize(..self.1.len())].clone()),
            _ => PathPattern::Prefix(self.path(2)),
        };
        Rule { host, path, conditions: self.conditions(), value }
    }
}

#[test]
fn random_rules_agree_with_a_sorted_list() {
    agree_with_the_list(RouteOrder::Specific, 0x5eed);
}

#[test]
fn random_rules_agree_with_the_list_as_written() {
    agree_with_the_list(RouteOrder::Written, 0x11d7);
}

#[track_caller]
fn agree_with_the_list(order: RouteOrder, seed: u64) {
    println!("seed {seed}");
    let expressions = ["^/a", "b$", "a.*b", "^/$", "c"].map(|text| PathRegex::new(text).unwrap());
    let mut draw = Draw(fastrand::Rng::with_seed(seed), expressions.to_vec());
    let (mut matched, mut requests) = (0, 0);
    for round in 0..10_000 {
        let count = draw.0.usize(0..24);
        let rules: Vec<_> = (0..count).map(|value| draw.rule(value)).collect();
        let mut sorted: Vec<usize> = (0..count).collect();
        if order == RouteOrder::Specific {
            sorted.sort_by_cached_key(|&position| key(&rules, position));
        }
        let matcher = Matcher::compile_in(order, rules.clone()).unwrap();
        for _ in 0..5 {
            let (host, path) = (draw.host(4), draw.path(4));
            let fields = Pairs(&[("x", "1"), ("x", "2"), ("y", "1")][..draw.0.usize(..4)]);
            let input = MatchInput {
                host: &host,
                path: path.as_bytes(),
                method: draw.one(&["GET", "POST", "PUT"]).as_bytes(),
                query: [None, Some("x=1&y=2"), Some("y=1")][draw.0.usize(..3)].map(str::as_bytes),
                client: draw.one(&["10.1.2.3", "10.2.0.1", "2001:db8::1", "192.0.2.1"]).parse().unwrap(),
                fields: &fields,
            };
            let expected = sorted.iter().copied().find(|&position| holds(&rules[position], &input));
            assert_eq!(matcher.find(&input).copied(), expected, "round {round}: {host} {path} {rules:#?}");
            check_steps(&matcher.explain(&input), &sorted, expected);
            matched += usize::from(expected.is_some());
            requests += 1;
        }
    }
    assert!(matched > requests / 4 && matched < requests, "{matched} of {requests} requests matched");
}

/// What was considered stands in the order of the list, and the match is the last.
#[track_caller]
fn check_steps(steps: &[Step<'_, usize>], sorted: &[usize], expected: Option<usize>) {
    let place = |step: &Step<'_, usize>| sorted.iter().position(|&position| position == step.position);
    assert!(steps.is_sorted_by_key(place));
    let matched: Vec<_> = steps.iter().filter(|step| step.outcome == Outcome::Matched).collect();
    assert_eq!(matched.first().map(|step| *step.value), expected);
    assert!(
        matched.len() <= 1
            && steps.last().map(|step| step.position) >= matched.first().map(|step| step.position)
    );
    if expected.is_some() {
        assert_eq!(steps.last().map(|step| step.position), expected);
    }
}
