//! What is asked of an operation.

use std::sync::Arc;

use control_plane::ControlPlane;
use control_plane::changes::View;
use metrics::{Figures, Scope};
use serde_json::{Map, Value};

use super::Api;
use super::query::Query;
use super::refusal;
use super::tags::Conditions;
use crate::Problem;

/// A request, read and checked as far as its operation tells.
pub(crate) struct Ask {
    pub(crate) api: Arc<Api>,
    /// Who asks.
    pub(crate) by: String,
    /// The parameters of the path, decoded.
    pub(crate) path: Vec<(String, String)>,
    pub(crate) query: Query,
    pub(crate) conditions: Conditions,
    /// `None` where there is none.
    pub(crate) body: Option<Value>,
}

impl Ask {
    /// A parameter of the path.
    pub(crate) fn segment(&self, name: &str) -> &str {
        self.path.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// The document that is served.
    pub(crate) fn view(&self) -> Arc<View> {
        self.api.documents.view()
    }

    /// Backends, certificates, and the engine.
    pub(crate) fn control(&self) -> &ControlPlane {
        self.api.documents.control()
    }

    /// The figures of a scope; zeros where nothing is known.
    pub(crate) fn figures(&self, scope: Scope<'_>) -> Figures {
        self.api.figures(scope)
    }

    /// Clients' connections.
    pub(crate) fn connections(&self) -> u64 {
        u64::try_from(self.control().handle().connections()).unwrap_or(u64::MAX)
    }

    /// Whether only the plan of a change is asked for.
    pub(crate) fn is_dry(&self) -> bool {
        self.query.flag("dryRun")
    }

    /// The body, which must be an object.
    ///
    /// # Errors
    /// 422 where it is something else.
    pub(crate) fn object(&self) -> Result<&Map<String, Value>, Problem> {
        let body = self.body.as_ref().and_then(Value::as_object);
        body.ok_or_else(|| refusal::wrong("", "the body must be a JSON object", None))
    }

    /// A body that must be an object with no other members than these.
    ///
    /// # Errors
    /// 422 with everything that is wrong.
    pub(crate) fn object_of(&self, known: &[&str]) -> Result<&Map<String, Value>, Problem> {
        let body = self.object()?;
        let unknown: Vec<_> = body.keys().filter(|key| !known.contains(&key.as_str())).collect();
        if unknown.is_empty() {
            return Ok(body);
        }
        let hint = format!("known: {}", known.join(", "));
        Err(unknown.iter().fold(refusal::summary(unknown.len()), |problem, key| {
            let pointer = format!("/{}", key.replace('~', "~0").replace('/', "~1"));
            problem.error(&pointer, "nobody knows this", Some(&hint))
        }))
    }
}
