//! What an operation is: the one description that both the router and the OpenAPI document are made from.

use http::StatusCode;

use super::ask::Ask;
use super::parameter::Parameter;
use super::reply::Reply;
use crate::Problem;

/// Answers what is asked. It may block: it never runs on a thread of the runtime's.
pub(crate) type Handler = fn(&Ask) -> Result<Reply, Problem>;

/// One call of the API.
#[derive(Clone, Copy)]
pub(crate) struct Operation {
    pub(crate) method: Method,
    /// With its parameters in braces, each a whole segment.
    pub(crate) path: &'static str,
    /// Unique among all operations.
    pub(crate) id: &'static str,
    /// In one sentence, without a full stop.
    pub(crate) summary: &'static str,
    pub(crate) handler: Handler,
    pub(crate) effect: Effect,
    /// Whether what it answers with, or changes, has a tag that a condition can name.
    pub(crate) is_tagged: bool,
    pub(crate) query: &'static [Parameter],
    pub(crate) body: Option<Body>,
    pub(crate) gives: &'static [Given],
    /// Statuses of errors beside those that every operation of its kind can have.
    pub(crate) refuses: &'static [u16],
}

/// The methods of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// What an operation changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    Look,
    /// Something beside the document.
    Act,
    /// The document: it can be planned, and confirmed later.
    Change,
}

/// What a body is.
#[derive(Clone, Copy)]
pub(crate) struct Body {
    /// The name of its schema.
    pub(crate) schema: &'static str,
    /// One that works, in JSON.
    pub(crate) example: &'static str,
    pub(crate) form: Form,
}

/// How a body is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// It must be there, as JSON.
    Json,
    /// It may be absent.
    Optional,
    /// It must be there, as a merge patch (RFC 7396).
    Patch,
}

/// A success.
#[derive(Clone, Copy)]
pub(crate) struct Given {
    pub(crate) status: u16,
    pub(crate) content: Content,
    pub(crate) says: &'static str,
}

/// What a success carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// No body.
    Nothing,
    /// One of that schema.
    One(&'static str),
    /// A bare array of that schema; with a `Link` to the next page, where pages are asked for.
    List(&'static str),
    /// Any JSON object.
    Any,
    /// A stream of events.
    Events,
}

impl Operation {
    pub(crate) const fn get(
        path: &'static str,
        id: &'static str,
        summary: &'static str,
        handler: Handler,
    ) -> Self {
        Self::new(Method::Get, path, id, summary).handled(handler)
    }

    pub(crate) const fn post(
        path: &'static str,
        id: &'static str,
        summary: &'static str,
        handler: Handler,
    ) -> Self {
        Self::new(Method::Post, path, id, summary).handled(handler).effect(Effect::Change)
    }

    pub(crate) const fn put(
        path: &'static str,
        id: &'static str,
        summary: &'static str,
        handler: Handler,
    ) -> Self {
        Self::new(Method::Put, path, id, summary).handled(handler).effect(Effect::Change)
    }

    pub(crate) const fn patch(
        path: &'static str,
        id: &'static str,
        summary: &'static str,
        handler: Handler,
    ) -> Self {
        Self::new(Method::Patch, path, id, summary).handled(handler).effect(Effect::Change)
    }

    pub(crate) const fn delete(
        path: &'static str,
        id: &'static str,
        summary: &'static str,
        handler: Handler,
    ) -> Self {
        Self::new(Method::Delete, path, id, summary).handled(handler).effect(Effect::Change)
    }

    const fn new(method: Method, path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self {
            method,
            path,
            id,
            summary,
            handler: nothing,
            effect: Effect::Look,
            is_tagged: false,
            query: &[],
            body: None,
            gives: &[],
            refuses: &[],
        }
    }

    const fn handled(mut self, handler: Handler) -> Self {
        self.handler = handler;
        self
    }

    /// One that changes this.
    pub(crate) const fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// One that conditions can be put to.
    pub(crate) const fn tagged(mut self) -> Self {
        self.is_tagged = true;
        self
    }

    /// One with these parameters in the query, beside those that its effect gives it.
    pub(crate) const fn query(mut self, query: &'static [Parameter]) -> Self {
        self.query = query;
        self
    }

    /// One with a body.
    pub(crate) const fn takes(mut self, form: Form, schema: &'static str, example: &'static str) -> Self {
        self.body = Some(Body { schema, example, form });
        self
    }

    /// One with these successes.
    pub(crate) const fn gives(mut self, gives: &'static [Given]) -> Self {
        self.gives = gives;
        self
    }

    /// One that has these statuses of errors, too.
    pub(crate) const fn refuses(mut self, statuses: &'static [u16]) -> Self {
        self.refuses = statuses;
        self
    }

    /// Whether it makes something, or replaces what is there.
    pub(crate) fn may_create_or_replace(&self) -> bool {
        let gives = |status: u16| self.gives.iter().any(|given| given.status == status);
        gives(200) && gives(201)
    }

    /// The names of the parameters in the path.
    pub(crate) fn path_parameters(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
    }

    /// Every parameter that the query may have.
    pub(crate) fn query_parameters(&self) -> impl Iterator<Item = &'static Parameter> {
        let of_effect: &[Parameter] = match self.effect {
            Effect::Change => Parameter::OF_CHANGES,
            Effect::Look | Effect::Act => &[],
        };
        self.query.iter().chain(of_effect)
    }
}

impl Given {
    pub(crate) const fn new(status: StatusCode, content: Content, says: &'static str) -> Self {
        Self { status: status.as_u16(), content, says }
    }
}

impl Method {
    /// As it is written in requests.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

fn nothing(_: &Ask) -> Result<Reply, Problem> {
    Ok(Reply::nothing())
}
