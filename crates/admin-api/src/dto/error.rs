//! Errors, as they are described; [`Problem`](crate::Problem) is how they are written.

use schemars::JsonSchema;

/// An error (RFC 9457).
#[derive(JsonSchema)]
#[schemars(rename = "Problem", rename_all = "camelCase")]
#[expect(dead_code, reason = "the schema alone is made from it")]
pub(crate) struct ProblemBody {
    /// A path that is the same for all errors of the same `code`.
    #[schemars(extend("format" = "uri-reference"))]
    r#type: String,
    /// The status in words.
    title: String,
    /// The status.
    #[schemars(range(min = 400, max = 599))]
    status: u16,
    /// What it is, in snake_case: stable.
    #[schemars(regex(pattern = "^[a-z][a-z0-9_]*$"))]
    code: String,
    /// What is wrong, for people.
    detail: String,
    /// Everything that is wrong with the body.
    #[schemars(default)]
    errors: Option<Vec<ErrorAt>>,
    /// What was meant, perhaps: ids.
    #[schemars(default)]
    candidates: Option<Vec<String>>,
    /// The revision that it is about.
    #[schemars(default)]
    revision: Option<u64>,
    /// When the revision is taken back.
    #[schemars(default)]
    until: Option<String>,
}

/// One thing that is wrong with a body.
#[derive(JsonSchema)]
#[schemars(rename = "Error", rename_all = "camelCase")]
#[expect(dead_code, reason = "the schema alone is made from it")]
pub(crate) struct ErrorAt {
    /// Where (RFC 6901); empty where it is the body as a whole, or something else in the document.
    pointer: String,
    /// What is wrong.
    detail: String,
    /// What to do about it.
    #[schemars(default)]
    hint: Option<String>,
}
