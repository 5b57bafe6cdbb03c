//! The whole document.

use control_plane::changes::{Applied, Change, Condition, Edit, Owner};
use serde_json::{Map, Value};

use super::ask::Ask;
use super::refusal::{self, Places};
use super::reply::Reply;
use super::writing::{self, Wanted};
use super::{dto_applied, dto_plan, merge, objects, shown};
use crate::Problem;

pub(super) fn get(ask: &Ask) -> Result<Reply, Problem> {
    let view = ask.view();
    let owner = match ask.query.text("layer") {
        None => return objects::read(ask, view.tag(), || view.document(None)),
        Some("file") => Owner::File,
        Some(_) => Owner::Api,
    };
    Ok(Reply::json(&view.document(Some(owner))))
}

pub(super) fn put(ask: &Ask) -> Result<Reply, Problem> {
    writing::write(ask, || whole(ask), |_, _| whole_answer(ask))
}

pub(super) fn apply(ask: &Ask) -> Result<Reply, Problem> {
    writing::write(
        ask,
        || whole(ask),
        |applied: Option<&Applied>, _| applied.map_or_else(Reply::nothing, dto_applied),
    )
}

pub(super) fn patch(ask: &Ask) -> Result<Reply, Problem> {
    let patch = Value::Object(ask.object()?.clone());
    let wanted = || {
        let view = ask.view();
        let wanted = writing::condition(ask, true)?;
        let is_met = match &wanted {
            Condition::Absent => false,
            Condition::Tag(tags) => tags.iter().any(|tag| tag == view.tag()),
            _ => true,
        };
        if !is_met {
            return Err(refusal::changed("the document is not as it was expected", Some(view.tag())));
        }
        let mut value = merge::merge(view.document(None), &patch);
        strip(&mut value);
        let condition = Condition::Tag(vec![view.tag().to_owned()]);
        let is_derived = !matches!(wanted, Condition::Tag(_));
        Ok(Wanted {
            edit: Edit::Document { value, condition },
            places: Places::Same,
            is_derived,
            is_so: false,
        })
    };
    writing::write(ask, wanted, |_, _| whole_answer(ask))
}

pub(super) fn plan(ask: &Ask) -> Result<Reply, Problem> {
    let mut value = Value::Object(ask.object()?.clone());
    strip(&mut value);
    let (edit, places) = (Edit::Document { value, condition: Condition::None }, Places::Same);
    let planned = ask.api.documents.plan(&Change::of(edit));
    planned.map(|planned| dto_plan(&planned)).map_err(|error| refusal::refusal(&error, &places))
}

fn whole(ask: &Ask) -> Result<Wanted, Problem> {
    let mut value = Value::Object(ask.object()?.clone());
    strip(&mut value);
    let condition = writing::condition(ask, true)?;
    Ok(Wanted {
        edit: Edit::Document { value, condition },
        places: Places::Same,
        is_derived: false,
        is_so: false,
    })
}

fn whole_answer(ask: &Ask) -> Reply {
    let view = ask.view();
    Reply::json(&view.document(None)).tag(view.tag())
}

/// Takes off the objects of a document what is shown alone.
fn strip(document: &mut Value) {
    let lists =
        document.as_object_mut().into_iter().flat_map(Map::values_mut).filter_map(Value::as_array_mut);
    for object in lists.flatten().filter_map(Value::as_object_mut) {
        shown::strip(object);
    }
}
