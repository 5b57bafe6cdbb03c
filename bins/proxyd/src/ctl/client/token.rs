//! The token that says who asks.

use std::ffi::OsString;

use http::HeaderValue;

use crate::ctl::input::{Input, InputError};
use crate::ctl::options::Reach;

/// A token. It is not shown by anything.
pub(in crate::ctl) struct Token(HeaderValue);

/// Why there is no token, though one was named.
#[derive(Debug, thiserror::Error)]
pub(in crate::ctl) enum TokenError {
    /// The file cannot be read.
    #[error("--token-file: {0}")]
    Input(#[from] InputError),
    /// What it holds cannot be a token.
    #[error("{0} holds no token: one has 1 to 4096 visible ASCII characters")]
    Form(&'static str),
}

/// The longest token, in bytes.
const LONGEST: usize = 4096;

impl Token {
    /// The token that the options or the environment name; `None` where neither does.
    ///
    /// # Errors
    /// There is none where one was named.
    pub(in crate::ctl) fn find(
        reach: &Reach,
        input: &Input<'_>,
        environment: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Option<Self>, TokenError> {
        if let Some(file) = &reach.token_file {
            return Self::of(&input.text(file)?).map(Some).ok_or(TokenError::Form("--token-file"));
        }
        match environment("PROXYD_TOKEN").filter(|token| !token.is_empty()) {
            None => Ok(None),
            Some(token) => {
                let token = token.to_str().and_then(Self::of);
                token.map(Some).ok_or(TokenError::Form("$PROXYD_TOKEN"))
            }
        }
    }

    fn of(text: &str) -> Option<Self> {
        let token = text.trim();
        let is_token =
            (1..=LONGEST).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic());
        let mut field = HeaderValue::from_str(&format!("Bearer {token}")).ok().filter(|_| is_token)?;
        field.set_sensitive(true);
        Some(Self(field))
    }

    pub(super) fn field(&self) -> HeaderValue {
        self.0.clone()
    }
}
