//! Where in the file the values of the document come from.

use super::{SERVER, pools::Pools};
use crate::{
    Fields,
    tree::{Step, steps},
};
use std::borrow::Cow;

/// What stands where in a file of the clustered proxy.
pub(crate) struct Places {
    /// How many upstreams it lists; those behind them in the document are pools of rules.
    upstreams: usize,
    /// The names of the fields that it sets.
    fields: Vec<String>,
    /// For each pool the rule that lists it, and for each of its backends the place in that list.
    pools: Vec<(usize, Vec<usize>)>,
}

impl Places {
    pub(super) fn of_cluster(upstreams: usize, fields: &Fields, pools: &Pools) -> Self {
        Self {
            upstreams,
            fields: fields.iter().map(|(name, _)| name.clone()).collect(),
            pools: pools.iter().map(|pool| (pool.rule, pool.items())).collect(),
        }
    }

    /// The path in the file of a value of the document, or of what it was made from.
    pub(crate) fn in_file<'p>(&self, path: &'p str) -> Cow<'p, str> {
        if path.starts_with(SERVER) { path.into() } else { self.of_document(path) }
    }

    fn of_document(&self, path: &str) -> Cow<'static, str> {
        use Step::{Item, Key};
        match steps(path).as_slice() {
            [Key("listeners"), ..] | [Key("proxy"), Key("port"), ..] => "server.listen".into(),
            [Key("proxy"), Key("workers"), ..] => "server.workers".into(),
            [Key("upstreams"), Item(index), rest @ ..] if *index < self.upstreams => match rest {
                [Key("name"), ..] => format!("server.upstreams[{index}].id").into(),
                [Key("url"), ..] => format!("server.upstreams[{index}].url").into(),
                _ => format!("server.upstreams[{index}]").into(),
            },
            [Key("upstreams"), Item(index), rest @ ..] => self.pool(index - self.upstreams, rest).into(),
            [Key("upstreams"), ..] => "server.upstreams".into(),
            [Key("routes"), Item(index), rest @ ..] => match rest {
                [Key("path"), ..] => format!("server.rules[{index}].path").into(),
                [Key("upstream"), ..] => format!("server.rules[{index}].upstreams").into(),
                [Key("headers"), Key(name), ..] => self.field(name).into(),
                [Key("headers")] => "server.headers".into(),
                _ => format!("server.rules[{index}]").into(),
            },
            [Key("routes" | "routeOrder"), ..] => "server.rules".into(),
            _ => SERVER.into(),
        }
    }

    fn field(&self, name: &str) -> String {
        let index = self.fields.iter().position(|field| field == name);
        index.map_or_else(|| "server.headers".into(), |index| format!("server.headers[{index}].value"))
    }

    fn pool(&self, index: usize, rest: &[Step<'_>]) -> String {
        let Some((rule, items)) = self.pools.get(index) else { return SERVER.into() };
        let item = match rest {
            [Step::Key("backends"), Step::Item(backend), ..] => items.get(*backend),
            _ => None,
        };
        let list = format!("server.rules[{rule}].upstreams");
        item.map_or_else(|| list.clone(), |item| format!("{list}[{item}]"))
    }
}

#[cfg(test)]
mod tests;
