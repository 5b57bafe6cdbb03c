//! What answers are made of beside the document's own objects. Schemas are made from these.

mod certificate;
mod change;
mod error;
mod health;
mod stats;

pub(crate) use certificate::{CertificateInput, CertificateStatus};
pub(crate) use change::{Applied, Pending, Plan, Revision, RevisionNumber};
pub(crate) use error::{ErrorAt, ProblemBody};
pub(crate) use health::{Checks, Health, Live, Ready};
pub(crate) use stats::{RouteStats, Stats};
