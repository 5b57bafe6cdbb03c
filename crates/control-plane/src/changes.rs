//! Changes of the document: what somebody wants, what became of it, and why not.

mod change;
mod error;
mod how;
mod revision;
mod tag;
mod view;

pub use change::{Change, Condition, Edit};
pub use error::{ChangeError, Fault};
pub use how::{How, RevertOn};
pub use revision::{Applied, Difference, DifferenceKind, Live, Planned, Revision, What};
pub use view::{Entry, Owner, View};

pub(crate) use tag::{of as tag_of, of_text as text_tag};
