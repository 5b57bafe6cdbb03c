//! Long lists, page by page.

use http::header::{HeaderValue, LINK};

use super::ask::Ask;
use super::query;
use super::reply::Reply;
use super::{BASE, percent};
use crate::Problem;

/// A part of a list.
pub(crate) struct Page<'a, T> {
    pub(crate) items: Vec<&'a T>,
    /// The `Link` to the rest, where there is more.
    link: Option<String>,
}

impl<'a, T> Page<'a, T> {
    /// The part that is asked for of a list; `id` is what an item is known by.
    ///
    /// # Errors
    /// 400 where `after` names none of them.
    pub(crate) fn of(
        all: impl Iterator<Item = &'a T>,
        ask: &Ask,
        list: &str,
        id: impl Fn(&T) -> String,
    ) -> Result<Self, Problem> {
        let (limit, after) = (ask.query.number("limit"), ask.query.text("after"));
        Self::cut(all, limit, after, list, id)
    }

    fn cut(
        mut all: impl Iterator<Item = &'a T>,
        limit: Option<usize>,
        after: Option<&str>,
        list: &str,
        id: impl Fn(&T) -> String,
    ) -> Result<Self, Problem> {
        if let Some(after) = after
            && !all.by_ref().any(|item| id(item) == after)
        {
            return Err(query::refuse("after", "names nothing that is there"));
        }
        let Some(limit) = limit else { return Ok(Self { items: all.collect(), link: None }) };
        let items: Vec<_> = all.by_ref().take(limit).collect();
        let last = items.last().filter(|_| all.next().is_some());
        let link = last.map(|last| {
            let after = percent::encode(&id(last));
            format!("<{BASE}/{list}?limit={limit}&after={after}>; rel=\"next\"")
        });
        Ok(Self { items, link })
    }

    /// An answer with the way to the rest.
    pub(crate) fn link(&self, reply: Reply) -> Reply {
        match self.link.as_ref().map(HeaderValue::try_from) {
            Some(Ok(link)) => reply.field(LINK, link),
            _ => reply,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(limit: Option<usize>, after: Option<&str>) -> Option<(Vec<&'static str>, Option<String>)> {
        const ALL: [&str; 4] = ["a", "b/*", "c", "d"];
        let page = Page::cut(ALL.iter(), limit, after, "routes", |item| (*item).to_owned()).ok()?;
        Some((page.items.into_iter().copied().collect(), page.link))
    }

    #[test]
    fn pages_lead_from_one_to_the_next() {
        assert_eq!(cut(None, None).unwrap(), (vec!["a", "b/*", "c", "d"], None));
        let (items, link) = cut(Some(2), None).unwrap();
        assert_eq!(items, ["a", "b/*"]);
        assert_eq!(link.unwrap(), "</api/v1/routes?limit=2&after=b%2F%2A>; rel=\"next\"");
        assert_eq!(cut(Some(2), Some("b/*")).unwrap(), (vec!["c", "d"], None));
        assert_eq!(cut(Some(9), Some("d")).unwrap(), (vec![], None));
        assert_eq!(cut(None, Some("c")).unwrap(), (vec!["d"], None));
    }

    #[test]
    fn a_page_behind_nothing_is_refused() {
        assert!(cut(Some(2), Some("x")).is_none());
    }
}
