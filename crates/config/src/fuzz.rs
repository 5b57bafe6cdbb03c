//! What must hold for any input.

use crate::{Loaded, Object, Secret, Surroundings, parse_with};
use std::{cell::RefCell, io};

/// Reads any bytes as a document, in surroundings where every variable is set and no file exists.
///
/// # Panics
/// When an input breaks what callers rely on: that is what fuzzing is for.
#[doc(hidden)]
pub fn fuzz_document(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let surroundings = Surroundings {
        environment: &|name| Some(name.to_ascii_lowercase()),
        files: &|_| Err(io::ErrorKind::NotFound.into()),
    };
    match parse_with(text, "fuzz", &surroundings) {
        Ok(loaded) => {
            for route in &loaded.document.routes {
                assert!(!route.id.is_empty(), "a route has no id");
            }
            for upstream in &loaded.document.upstreams {
                assert!(!upstream.all_backends().is_empty(), "an upstream has no backend");
                for backend in upstream.all_backends() {
                    assert!(
                        !backend.id.is_empty() && backend.address().is_ok(),
                        "a backend cannot be reached"
                    );
                }
            }
            for problem in loaded.not_built().into_iter().chain(loaded.warnings()) {
                assert_eq!(loaded.place(&problem.path), problem.place, "a path does not lead to its place");
            }
            let again = Loaded::assemble(loaded.objects().to_vec(), &surroundings);
            assert!(again.is_ok_and(|again| again.document == loaded.document), "objects say something else");
            come_back(&loaded);
        }
        Err(errors) => {
            assert!(!errors.problems().is_empty(), "no error says what is wrong");
            assert!(errors.to_string().lines().count() >= errors.problems().len(), "an error says nothing");
        }
    }
}

/// Takes every object through the JSON that it says.
fn come_back(loaded: &Loaded) {
    let secrets = RefCell::new(Vec::new());
    let mut seal = |secret: &Secret| {
        let mut secrets = secrets.borrow_mut();
        let number = secrets.iter().position(|known| known == secret).unwrap_or_else(|| {
            secrets.push(secret.clone());
            secrets.len() - 1
        });
        format!("secret:{number:032x}")
    };
    let unseal = |marker: &str| {
        let number = usize::from_str_radix(marker.strip_prefix("secret:")?, 16).ok()?;
        secrets.borrow().get(number).cloned()
    };
    for object in loaded.objects() {
        let json = object.to_json(&mut seal);
        let kept = Object::from_kept(object.key().clone(), &json, "kept", &unseal);
        assert!(kept.is_ok_and(|kept| kept.to_json(&mut seal) == json), "an object does not come back");
    }
}

#[cfg(test)]
mod tests;
