//! What is wrong with a document, and where.

use crate::{
    Key,
    read::ERRORS_MAX,
    source::{Place, Source, Spot, without_keys},
};
use std::fmt;

/// One thing that is wrong, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The file, as it was named to the reader.
    pub file: String,
    /// Where in the file; `None` where the file as a whole is meant.
    pub place: Option<Place>,
    /// The path of the value, `routes[2].upstream`; empty for the whole document.
    pub path: String,
    /// The object that it lies in, and the path inside that: `routes/api` and `backends[0].port`. `None` where it lies in none,
    /// or in one whose id is not known yet.
    pub object: Option<(Key, String)>,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The line of the file with carets under what is meant.
    pub snippet: Option<String>,
}

impl Problem {
    /// A problem of a file that has no place in it, such as a file that cannot be read.
    pub fn of_file(file: &str, message: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            place: None,
            path: String::new(),
            object: None,
            message: without_keys(message.into()),
            hint: None,
            snippet: None,
        }
    }

    pub(crate) fn at(source: &Source, spot: Spot, path: String, message: impl Into<String>) -> Self {
        let snippet = Some(source.snippet(spot));
        let place = Some(spot.place);
        Self {
            file: source.name.clone(),
            place,
            path,
            object: None,
            message: without_keys(message.into()),
            hint: None,
            snippet,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(place) = self.place {
            write!(f, ":{place}")?;
        }
        if !self.path.is_empty() {
            write!(f, ": {}", self.path)?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(snippet) = &self.snippet {
            write!(f, "\n{snippet}")?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

/// Everything that is wrong with a document, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errors(Vec<Problem>);

impl Errors {
    /// The problems in the order of the file.
    pub fn problems(&self) -> &[Problem] {
        &self.0
    }
}

impl From<Problem> for Errors {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

/// Sorts the problems by place.
impl From<Vec<Problem>> for Errors {
    fn from(mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.place);
        Self(problems)
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.0 {
            writeln!(f, "{problem}")?;
        }
        match self.0.len() {
            1 => f.write_str("1 error"),
            ERRORS_MAX.. => write!(f, "the first {ERRORS_MAX} errors; there may be more"),
            count => write!(f, "{count} errors"),
        }
    }
}

impl std::error::Error for Errors {}
