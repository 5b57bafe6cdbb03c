//! The OpenAPI document.

use super::ask::Ask;
use super::reply::Reply;
use crate::Problem;

pub(super) fn get(ask: &Ask) -> Result<Reply, Problem> {
    Ok(Reply::text(ask.api.specification.clone()))
}
