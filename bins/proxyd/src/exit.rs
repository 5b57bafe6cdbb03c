//! How the process ends.

use std::io;
use std::process::ExitCode;

use config::Errors;
use control_plane::{BuildFailure, OpenError};

use crate::find::NotFound;
use crate::output;

/// `EX_CONFIG` of sysexits.h.
const BAD_CONFIGURATION: u8 = 78;

/// Why a command did not do what it was told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The configuration is wrong.
    #[error(transparent)]
    Configuration(#[from] Errors),
    /// The engine cannot serve it; a compiled plan never comes to this.
    #[error(transparent)]
    Build(#[from] BuildFailure),
    /// What was kept cannot be read.
    #[error(transparent)]
    State(OpenError),
    /// The configuration is wrong, and the user has been told.
    #[error("the configuration is wrong")]
    ConfigurationTold,
    /// There is no configuration.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// Something failed while it ran.
    #[error("{what}: {source}")]
    RunTime {
        /// What.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
    /// Something failed while it ran, and the log says what.
    #[error("it failed")]
    RunTimeLogged,
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Document(errors) => Self::Configuration(errors),
            other => Self::State(other),
        }
    }
}

impl Failure {
    /// A failure of an action with the system's reason.
    pub(crate) const fn run_time(what: &'static str, source: io::Error) -> Self {
        Self::RunTime { what, source }
    }

    const fn is_told(&self) -> bool {
        matches!(self, Self::ConfigurationTold | Self::RunTimeLogged)
    }

    const fn is_configuration(&self) -> bool {
        matches!(self, Self::Configuration(_) | Self::Build(_) | Self::ConfigurationTold | Self::NotFound(_))
    }
}

/// The exit code of an outcome; what went wrong is told on standard error.
pub(crate) fn code(outcome: Result<(), Failure>) -> ExitCode {
    let Err(failure) = outcome else { return ExitCode::SUCCESS };
    if !failure.is_told() {
        output::error(&format!("proxyd: {failure}\n"));
    }
    if failure.is_configuration() { ExitCode::from(BAD_CONFIGURATION) } else { ExitCode::FAILURE }
}
