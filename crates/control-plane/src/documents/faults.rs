//! What is wrong with a document, told in the words of who wants it.

use std::collections::HashMap;

use config::{Errors, Key, Problem};

use crate::changes::Fault;

/// Each problem, at its place in the value of the edit that it is about.
pub(super) fn of(errors: &Errors, places: &HashMap<Key, (usize, String)>) -> Vec<Fault> {
    errors.problems().iter().map(|problem| fault(problem, places)).collect()
}

fn fault(problem: &Problem, places: &HashMap<Key, (usize, String)>) -> Fault {
    let found = problem.object.as_ref().and_then(|(key, inside)| Some((places.get(key)?, inside)));
    let (edit, pointer) = match found {
        Some(((edit, at), inside)) => (Some(*edit), format!("{at}{}", config::pointer(inside))),
        None => (None, String::new()),
    };
    Fault { edit, pointer, problem: problem.clone() }
}

/// What is wrong with no value in particular.
pub(super) fn of_document(message: String, places: &HashMap<Key, (usize, String)>) -> Fault {
    let only = places.values().next().filter(|_| places.len() == 1);
    Fault {
        edit: only.map(|(edit, _)| *edit),
        pointer: only.map(|(_, at)| at.clone()).unwrap_or_default(),
        problem: Problem::of_file("the document", message),
    }
}
